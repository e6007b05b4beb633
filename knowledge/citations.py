"""Citations: a quotation with its place, checked against the source's text."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import CitationInvalid

__all__ = ["Citation", "check_citation", "is_quoted"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """A place in a document that a statement rests on; `start` and `end` count characters of the document's text."""

    id: str
    document: str
    page: int | None
    start: int
    end: int
    quote: str


def is_quoted(quote: str, source_text: str, start: int, end: int) -> bool:
    """Tell whether `quote` is exactly `source_text[start:end]`, and not blank."""
    return 0 <= start < end <= len(source_text) and source_text[start:end] == quote and bool(quote.strip())


def check_citation(quote: str, source_text: str, start: int, end: int) -> None:
    """Make sure that a quotation stands in its source where the citation says.

    Raises:
        CitationInvalid: It does not; the message says whether it stands elsewhere.
    """
    if is_quoted(quote, source_text, start, end):
        return
    at = source_text.find(quote) if quote.strip() else -1
    elsewhere = f"It stands at {at} to {at + len(quote)}." if at >= 0 else "It stands nowhere in the source."
    shown = quote if len(quote) <= 80 else f"{quote[:79]}…"
    raise CitationInvalid(
        f"The quotation {shown!r} is not in its source at {start} to {end}.",
        where=f"characters {start} to {end}",
        fix=f"{elsewhere} Quote the source word for word, with the offsets of its text.",
        details={"start": start, "end": end, "found": at if at >= 0 else None},
    )
