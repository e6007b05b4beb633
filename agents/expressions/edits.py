"""Replacing pieces of a text while keeping track of places."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

__all__ = ["Edited", "edit"]


class _Piece(NamedTuple):
    """A replacement: where it stands in the new text, where it stood, and how far the text after it moved."""

    start: int
    end: int
    origin: int
    shift: int


@dataclass(frozen=True, slots=True)
class Edited:
    """A text after replacements, and how to get back from its places."""

    text: str
    _pieces: tuple[_Piece, ...]

    def origin(self, offset: int) -> int:
        """Return the place in the text before; every place inside a replacement leads to its beginning."""
        at = bisect_right(self._pieces, offset, key=attrgetter("start")) - 1
        if at < 0:
            return offset
        piece = self._pieces[at]
        return piece.origin if offset < piece.end else offset - piece.shift


def edit(text: str, pieces: Mapping[int, tuple[int, str]]) -> Edited:
    """Replace pieces of a text.

    Args:
        text: The text before.
        pieces: By place, the length of what is replaced and what stands there instead; they don't overlap.
    """
    parts: list[str] = []
    done: list[_Piece] = []
    at = shift = 0
    for place in sorted(pieces):
        length, new = pieces[place]
        parts += [text[at:place], new]
        start = place + shift
        shift += len(new) - length
        done.append(_Piece(start, start + len(new), place, shift))
        at = place + length
    return Edited("".join([*parts, text[at:]]), tuple(done))
