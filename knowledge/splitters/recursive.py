"""The recursive splitter, for English and Chinese.

A section that is too long is cut at blank lines; a piece that is still too long at line ends, then at sentence ends,
clause ends, spaces, and at last anywhere. Neighbouring pieces are packed together again as long as they fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..documents import Extracted, Section, Span

__all__ = ["split"]

_CUTS = tuple(
    re.compile(cut)
    for cut in (
        r"\n[^\S\n]*\n\s*",
        r"\n",
        r"(?<=[。！？；!?])|(?<=[.;])(?=\s)",
        r"(?<=[，、：])|(?<=[,:])(?=\s)",
        r"\s",
    )
)
_WORD = re.compile(r"[^\W_]")
_TAIL = 0.25
"""A last piece shorter than this share of the size joins the one before it."""


def split(document: Extracted, *, size: int) -> tuple[Span, ...]:
    """Cut every section into spans of at most `size` characters (the last one may be a quarter longer)."""
    return tuple(span for section in document.sections for span in _section(document.text, section, size))


def _section(text: str, section: Section, size: int) -> Iterator[Span]:
    for start, end in _packed(list(_pieces(text, section.start, section.end, size, 0)), size):
        piece = text[start:end]
        if _WORD.search(piece):
            start += len(piece) - len(piece.lstrip())
            end -= len(piece) - len(piece.rstrip())
            yield Span(start=start, end=end, heading=section.heading, page=section.page)


def _pieces(text: str, start: int, end: int, size: int, level: int) -> Iterator[tuple[int, int]]:
    if end - start <= size:
        yield start, end
        return
    if level == len(_CUTS):
        yield from ((at, min(at + size, end)) for at in range(start, end, size))
        return
    cuts = [match.end() for match in _CUTS[level].finditer(text, start, end) if start < match.end() < end]
    for left, right in zip([start, *cuts], [*cuts, end], strict=True):
        yield from _pieces(text, left, right, size, level + 1)


def _packed(pieces: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    packed: list[tuple[int, int]] = []
    for start, end in pieces:
        if packed and end - packed[-1][0] <= size:
            packed[-1] = (packed[-1][0], end)
        else:
            packed.append((start, end))
    if len(packed) > 1 and packed[-1][1] - packed[-1][0] < size * _TAIL:
        _, end = packed.pop()
        packed[-1] = (packed[-1][0], end)
    return packed
