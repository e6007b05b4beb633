"""Ending JSON in time: which tokens to prefer once an answer under a grammar runs out of room.

A grammar makes every answer that *ends* valid, but `max_tokens` may end it first. So the last `reserve` tokens (see
`grammar.Compiled.reserve`) are spent on closing: inside a string its quote wins, outside a closing bracket, or else a
bare comma; tokens that close one thing and open the next (`",`, `},{"`) do not; everything else that the schema still
demands is chosen by the model as before. The grammar goes on to decide what is allowed, so the result is complete and
valid, only shorter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Closer"]


class Closer:
    """Follows JSON text and knows the tokens that would close it.

    Args:
        pieces: The bytes of every token of the vocabulary.
        ends: Tokens that end a generation.
    """

    def __init__(self, pieces: Sequence[bytes], ends: Iterable[int]) -> None:
        self._inside = np.array([_in_string(piece) for piece in pieces])
        self._outside = np.array([_between(piece.strip(b" ")) for piece in pieces])
        self._outside[list(ends)] = 3.0
        self.reset()

    def reset(self) -> None:
        """Start a new text."""
        self._string = self._escape = False
        self._depth = 0
        self._begun = False

    @property
    def complete(self) -> bool:
        """Whether a whole object or array has been read."""
        return self._begun and not self._depth and not self._string

    def feed(self, piece: bytes) -> None:
        """Read on."""
        for byte in piece:
            if self._escape:
                self._escape = False
            elif self._string:
                self._escape = byte == 0x5C
                self._string = byte != 0x22
            elif byte == 0x22:
                self._string = self._begun = True
            elif byte in b"{[":
                self._depth += 1
                self._begun = True
            elif byte in b"}]":
                self._depth -= 1

    def push(self) -> NDArray[np.float64] | None:
        """Return how much each token is to be preferred now, or None while an escape sequence must end."""
        if self._escape:
            return None
        return self._inside if self._string else self._outside


def _in_string(piece: bytes) -> float:
    """Rank a token while a string is open."""
    if piece[:1] != b'"':
        return 0.0
    rest = piece[1:].strip(b" ")
    if rest in (b"", b":"):
        return 2.0
    return 3.0 if not rest.strip(b"}]") else 0.0


def _between(piece: bytes) -> float:
    """Rank a token outside strings; the end of the answer ranks highest."""
    if piece == b",":
        return 1.0
    if piece and not piece.strip(b"}]"):
        return 2.0
    return -1.0 if piece[:1] in (b"{", b"[") and piece[1:] not in (b"", b"}", b"]") else 0.0
