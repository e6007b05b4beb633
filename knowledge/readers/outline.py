"""Headings to sections: a stack of open headings gives each stretch of text its path."""

from __future__ import annotations

from collections.abc import Iterable

from ..documents import Section

__all__ = ["Heading", "sections_of"]

Heading = tuple[int, int, int, str]
"""Where the heading starts, where the text below it starts, its level from 1, its title."""


def sections_of(headings: Iterable[Heading], *, start: int, end: int) -> tuple[Section, ...]:
    """Return the sections between `start` and `end`; headings themselves belong to none."""
    sections: list[Section] = []
    path: list[tuple[int, str]] = []
    begin = start
    for stop, below, level, title in [*headings, (end, end, 0, "")]:
        if stop > begin:
            sections.append(Section(start=begin, end=stop, heading=" > ".join(name for _, name in path)))
        path = [*(item for item in path if item[0] < level), (level, title)]
        begin = below
    return tuple(sections)
