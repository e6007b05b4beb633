"""`csv`: a table, one line per row, each value after its column's name, so that a row can be read alone."""

from __future__ import annotations

import csv
from io import StringIO

from ..documents import Extracted, Section, plain_text
from .decoding import decode

__all__ = ["read"]


def read(content: bytes) -> Extracted:
    """Return `column: value; column: value` for each row below the header; empty cells are left out.

    Raises:
        csv.Error: The table is malformed.
    """
    source = plain_text(decode(content))
    delimiter = max(",;\t", key=source.partition("\n")[0].count)
    header, *rows = list(csv.reader(StringIO(source), delimiter=delimiter, strict=True)) or [[]]
    lines = [_line(header, row) for row in rows] or [", ".join(header)]
    text = "\n".join(line for line in lines if line)
    return Extracted(text=text, sections=(Section(start=0, end=len(text)),))


def _line(header: list[str], row: list[str]) -> str:
    names = [*header, *("" for _ in range(len(row) - len(header)))]
    cells = ((name.strip(), " ".join(value.split())) for name, value in zip(names, row, strict=False))
    return "; ".join(f"{name}: {value}" if name else value for name, value in cells if value)
