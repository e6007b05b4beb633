"""Vectors as text: float32 in the machine's order, in base64."""

from __future__ import annotations

import base64
from array import array
from collections.abc import Sequence

__all__ = ["packed", "unpacked"]


def packed(vector: Sequence[float]) -> str:
    """Return a vector as text."""
    return base64.b64encode(array("f", vector).tobytes()).decode()


def unpacked(text: str) -> Sequence[float]:
    """Undo `packed`."""
    found = array("f")
    found.frombytes(base64.b64decode(text))
    return found
