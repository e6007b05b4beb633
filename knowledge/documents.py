"""Documents: what a reader finds in a file, what a splitter cuts out of it, what is stored.

Every place is a pair of character offsets into the extracted text, which is stored whole, so `text[start:end]` always
gives what was cited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["Chunk", "Extracted", "Scalar", "Section", "Span", "plain_text"]

Scalar: TypeAlias = str | int | float | bool
"""A value of a document's metadata."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A stretch of text under one heading and on one page; a chunk never leaves its section.

    Attributes:
        start: Its first character.
        end: The character after its last.
        heading: The headings above it, outermost first, joined by ` > `; empty when there is none.
        page: From 1, where the format has pages.
    """

    start: int
    end: int
    heading: str = ""
    page: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Extracted:
    """A file's text, its sections in order, and the metadata that the file states of itself."""

    text: str
    sections: tuple[Section, ...]
    metadata: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A piece of an extracted text that is searched and cited as one."""

    start: int
    end: int
    heading: str = ""
    page: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """An indexed span: its id in the index and its text without the heading."""

    id: str
    text: str
    heading: str = ""

    @property
    def embedded(self) -> str:
        """The text that is embedded: the heading tells what a passage out of its context is about."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


def plain_text(text: str) -> str:
    """Return `text` with the line feed as its only line break and without NUL, which SQLite cuts a text at."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
