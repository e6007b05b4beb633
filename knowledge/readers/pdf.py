"""`pdf`: the text layer of a PDF, one section per page. A scanned page has none."""

from __future__ import annotations

from io import BytesIO

from pypdf import PdfReader

from ..documents import Extracted, Section, plain_text

__all__ = ["read"]


def read(content: bytes) -> Extracted:
    """Return the pages' texts, a blank line between them."""
    text = ""
    sections: list[Section] = []
    for number, page in enumerate(PdfReader(BytesIO(content)).pages, 1):
        found = plain_text(page.extract_text()).strip()
        if found:
            start = len(text) + 2 if text else 0
            text = f"{text}\n\n{found}" if text else found
            sections.append(Section(start=start, end=len(text), page=number))
    return Extracted(text=text, sections=tuple(sections))
