"""Days that a text names, written as a parameter wants them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["MONTHS", "dates", "written"]

MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_NAME: Final = rf"(?P<month>{'|'.join(MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\b(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})\b",
        r"\b(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[-/.](?P<year>\d{4})\b",
        rf"\b{_NAME}[. ]{{0,2}}{_DAY}[,. ]{{1,2}}(?P<year>\d{{4}})\b",
        rf"\b{_DAY}(?: of)? {_NAME}\b[,. ]{{1,2}}(?P<year>\d{{4}})\b",
        rf"\b(?P<year>\d{{4}}),? {_NAME} {_DAY}\b",
    )
)
_ORDERS: Final = (
    (r"y{4}(?P<by>[-/. ])m{1,2}[-/. ]d{1,2}", "{y:04}{by}{m:02}{by}{d:02}"),
    (r"m{2}(?P<by>[-/. ])d{2}[-/. ]y{3,4}", "{m:02}{by}{d:02}{by}{y:04}"),
    (r"d{2}(?P<by>[-/. ])m{2}[-/. ]y{3,4}", "{d:02}{by}{m:02}{by}{y:04}"),
    (r"month(?P<by>[-/. ])day[-/. ]year", "{m:02}{by}{d:02}{by}{y:04}"),
    (r"year(?P<by>[-/. ])month[-/. ]day", "{y:04}{by}{m:02}{by}{d:02}"),
)

Day = tuple[int, int, int]
"""Year, month, day."""


def dates(text: str) -> Iterator[tuple[Day, int, int]]:
    """Yield the whole dates of a text, and where they stand."""
    taken = list[tuple[int, int]]()
    for form in _FORMS:
        for found in form.finditer(text):
            day = _read(found)
            if day and not any(found.start() < end and start < found.end() for start, end in taken):
                taken.append(found.span())
                yield day, *found.span()


def written(day: Day, wanted: str) -> str:
    """Write a day in the form that a description names; ISO where it names none."""
    year, month, date = day
    for order, form in _ORDERS:
        if found := re.search(order, wanted.lower()):
            return form.format(y=year, m=month, d=date, by=found["by"])
    return f"{year:04}-{month:02}-{date:02}"


def _read(found: re.Match[str]) -> Day | None:
    said = found["month"].lower()
    month = int(said) if said.isdecimal() else 1 + next(
        index for index, name in enumerate(MONTHS) if name.startswith(said[:3])
    )  # fmt: skip
    day = int(found["day"])
    if month > 12 >= day:
        month, day = day, month
    return (int(found["year"]), month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None
