"""Where each value of a file stands in its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..diagnostics import Diagnostic
from .pointer import parent

__all__ = ["Place", "Positions"]


class Place(NamedTuple):
    """Line and column, from 1, of a value and of its key; list items and the root have no key (0, 0)."""

    line: int
    column: int
    key_line: int = 0
    key_column: int = 0
    scalar: bool = True

    @property
    def spot(self) -> tuple[int, int]:
        """A scalar's own place; a mapping's or list's key, where it has one."""
        return (self.line, self.column) if self.scalar or not self.key_line else (self.key_line, self.key_column)


@dataclass(frozen=True, slots=True)
class Positions:
    """Places by JSON Pointer."""

    places: Mapping[str, Place] = field(default_factory=dict[str, Place])

    def find(self, pointer: str, *, key: bool = False) -> tuple[int, int]:
        """Return (line, column) of what the pointer names, or of its nearest ancestor that stands in the text.

        Args:
            pointer: JSON Pointer; it may lead to something that is missing.
            key: Return the place of the key rather than of the value, where there is one.
        """
        here = pointer
        while here and here not in self.places:
            here = parent(here)
        place = self.places.get(here)
        if place is None:
            return (1, 1)
        if key and here == pointer and place.key_line:
            return (place.key_line, place.key_column)
        return place.spot

    def locate(self, diagnostic: Diagnostic, *, key: bool = False) -> Diagnostic:
        """Return the finding with its line and column."""
        return diagnostic.at(*self.find(diagnostic.path, key=key))
