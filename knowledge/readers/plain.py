"""`txt`: plain text, one section."""

from __future__ import annotations

from ..documents import Extracted, Section, plain_text
from .decoding import decode

__all__ = ["read"]


def read(content: bytes) -> Extracted:
    """Return the text as it is, with line feeds as line breaks."""
    text = plain_text(decode(content))
    return Extracted(text=text, sections=(Section(start=0, end=len(text)),))
