"""`docx`: paragraphs and tables of a Word document in their order, with its headings."""

from __future__ import annotations

import re
from io import BytesIO

from docx import Document
from docx.table import Table

from ..documents import Extracted, plain_text
from .outline import Heading, sections_of

__all__ = ["read"]

_HEADING = re.compile(r"(?:heading|标题) (\d)", re.IGNORECASE)


def read(content: bytes) -> Extracted:
    """Return one line per paragraph and table row; cells are separated by ` | `."""
    text = ""
    headings: list[Heading] = []
    for item in Document(BytesIO(content)).iter_inner_content():
        if isinstance(item, Table):
            for row in item.rows:
                text += " | ".join(plain_text(cell.text).replace("\n", " ") for cell in row.cells) + "\n"
            continue
        start = len(text)
        text += plain_text(item.text) + "\n"
        level = _HEADING.fullmatch(item.style.name or "") if item.style else None
        if level and item.text.strip():
            headings.append((start, len(text), int(level[1]), item.text.strip()))
    return Extracted(text=text, sections=sections_of(headings, start=0, end=len(text)))
