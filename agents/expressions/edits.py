"""Replacing pieces of a text while keeping track of places."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Edited", "edit"]


@dataclass(frozen=True, slots=True)
class Edited:
    """A text after replacements, and how to get back from its places."""

    text: str
    _starts: tuple[int, ...]
    _shifts: tuple[int, ...]
    _origins: tuple[int, ...]

    def origin(self, offset: int) -> int:
        """Return the place in the text before; every place inside a replacement leads to its beginning."""
        at = bisect_right(self._starts, offset) - 1
        if at < 0:
            return offset
        return max(offset - self._shifts[at], self._origins[at])


def edit(text: str, pieces: Mapping[int, tuple[int, str]]) -> Edited:
    """Replace pieces of a text.

    Args:
        text: The text before.
        pieces: By place, the length of what is replaced and what stands there instead; they don't overlap.
    """
    parts: list[str] = []
    starts: list[int] = []
    shifts: list[int] = []
    at = shift = 0
    for place in sorted(pieces):
        length, new = pieces[place]
        parts += [text[at:place], new]
        starts.append(place + shift)
        shift += len(new) - length
        shifts.append(shift)
        at = place + length
    return Edited("".join([*parts, text[at:]]), tuple(starts), tuple(shifts), tuple(sorted(pieces)))
