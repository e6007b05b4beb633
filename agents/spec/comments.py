"""Comments of a YAML file, tied to the values they stand above, so that they survive a rewrite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from .positions import Positions
from .text import read_events, unified

__all__ = ["Comments", "read_comments"]

HASH = re.compile(r"(?:(?<=\s)|^)#")


@dataclass(frozen=True, slots=True)
class Comments:
    """Comment lines by what they belong to.

    Args:
        above: For a JSON Pointer, the lines above its key or list item; each starts with `#` or is empty.
        end: The lines after everything.
    """

    above: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    end: tuple[str, ...] = ()

    def busy(self) -> set[str]:
        """Return the pointers of all mappings and lists that hold a comment somewhere below them."""
        found: set[str] = set()
        for pointer, lines in self.above.items():
            if any(lines):
                parts = pointer.split("/")
                found.update("/".join(parts[:length]) for length in range(1, len(parts)))
        return found


def read_comments(text: str, positions: Positions) -> Comments:
    """Return the comments of a text that `parse_yaml` could read.

    A comment on its own line belongs to the key or item that starts next, one at a line's end to the first that
    starts in that line. Empty lines between entries are kept, one at a time.

    Args:
        text: The file's text.
        positions: Its positions.
    """
    lines = unified(text).split("\n")
    starts = _starts(positions)
    inside = _scalars(text)
    above: dict[str, tuple[str, ...]] = {}
    pending: list[str] = []
    for number, line in enumerate(lines, 1):
        comment = _comment(line, inside.get(number, ()))
        if not line.strip() or (comment is not None and line.lstrip() == comment):
            if not inside.get(number):
                pending.append((comment or "").rstrip())
            continue
        if comment is not None:
            pending.append(comment.rstrip())
        if number in starts:
            above[starts[number]] = tuple(_tidy(pending))
            pending = []
    return Comments({pointer: lead for pointer, lead in above.items() if lead}, tuple(_tidy(pending, last=True)))


def _starts(positions: Positions) -> dict[int, str]:
    """Return, by line, the outermost key or list item that starts there."""
    starts: dict[int, str] = {}
    for pointer, place in positions.places.items():
        if pointer:
            starts.setdefault(place.key_line or place.line, pointer)
    return starts


def _scalars(text: str) -> dict[int, list[tuple[int, int]]]:
    """Return the columns that belong to scalars, by line, for lines with a `#` and for empty lines."""
    lines = unified(text).split("\n")
    wanted = {number for number, line in enumerate(lines, 1) if "#" in line or not line.strip()}
    inside: dict[int, list[tuple[int, int]]] = {}
    for event in read_events(unified(text)):
        if isinstance(event, yaml.ScalarEvent):
            for number, columns in _span(event, lines):
                if number in wanted:
                    inside.setdefault(number, []).append(columns)
    return inside


def _span(event: yaml.ScalarEvent, lines: list[str]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield line and columns of a scalar; a block scalar starts below its `|` and ends with its last full line."""
    first: int = event.start_mark.line + 1
    last: int = event.end_mark.line + 1
    start: int = event.start_mark.column
    end: int = event.end_mark.column
    if event.style in ("|", ">"):
        first, last, start = first + 1, last - (end == 0), 0
        while last >= first and not lines[last - 1].strip():
            last -= 1
        end = len(lines[last - 1])
    for number in range(first, last + 1):
        yield number, (start if number == first else 0, end if number == last else len(lines[number - 1]) + 1)


def _comment(line: str, scalars: Iterable[tuple[int, int]]) -> str | None:
    for found in HASH.finditer(line):
        if not any(start <= found.start() < end for start, end in scalars):
            return line[found.start() :]
    return None


def _tidy(lines: list[str], *, last: bool = False) -> Iterator[str]:
    """Yield the lines with single empty lines only, and none at the end of the file."""
    for index, line in enumerate(lines):
        follower = lines[index + 1] if index + 1 < len(lines) else ""
        if line or follower or (not last and index + 1 == len(lines)):
            yield line
