"""The values that a text offers for a parameter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final, cast

from ...base.errors import Json
from .dates import written
from .features import Candidate, Parameter, Reading, absent, of_choice, of_flag, of_number, of_span
from .figures import runs
from .spans import Span
from .words import stems

__all__ = ["candidates", "family"]

MOST: Final = 60
"""Candidates of one parameter."""
_SEPARATOR: Final = re.compile(r"\s*(?:,\s*(?:and|or)|,|;|and|or|&|vs\.?|versus)\s+", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"[\[(]([^\[\]()]{1,400})[\])]")


def family(schema: Mapping[str, Any]) -> str:
    """Return which weights judge a parameter's candidates; empty where text offers none."""
    if "enum" in schema:
        return "choice"
    items = cast("Mapping[str, Any]", schema.get("items") or {})
    match schema.get("type"):
        case "integer" | "number":
            return "number"
        case "boolean":
            return "flag"
        case "string":
            return "text"
        case "array" if items.get("type") in ("integer", "number"):
            return "numbers"
        case "array" if items.get("type") == "string":
            return "texts"
        case _:
            return ""


def candidates(reading: Reading, parameter: Parameter) -> list[Candidate]:
    """Return what a parameter may get, without what its type forbids; and that it is left out, if it may be."""
    make = {
        "choice": _choices, "number": _numbers, "flag": _flags, "text": _texts, "numbers": _runs, "texts": _series,
    }.get(family(parameter.schema))  # fmt: skip
    found = list(islice(_distinct(make(reading, parameter)), MOST)) if make else []
    if not parameter.needed:
        found.append(Candidate(None, absent(reading, parameter), omitted=True))
    return found


def _choices(reading: Reading, parameter: Parameter) -> Iterator[Candidate]:
    for value in parameter.schema["enum"]:
        start, end = _literal(reading.text, str(value))
        yield Candidate(value, of_choice(reading, parameter, str(value), listed=True), start, end)


def _flags(reading: Reading, parameter: Parameter) -> Iterator[Candidate]:
    for value in (True, False):
        yield Candidate(value, of_flag(reading, parameter, value))


def _numbers(reading: Reading, parameter: Parameter) -> Iterator[Candidate]:
    for found in reading.numbers:
        for value, share in ((found.value, False), (found.share, True)):
            if value is not None and _fits(value, parameter.schema):
                features = of_number(reading, parameter, found, share=share)
                yield Candidate(value, features, found.start, found.end)


def _texts(reading: Reading, parameter: Parameter) -> Iterator[Candidate]:
    for span in reading.spans:
        yield Candidate(_said(span, parameter), of_span(reading, parameter, span), span.start, span.end)
    for option in parameter.options:
        features = of_choice(reading, parameter, option, listed=False)
        yield Candidate(option, {f"option {name}": value for name, value in features.items()} | {"option": 1.0})


def _said(span: Span, parameter: Parameter) -> str:
    """Return a stretch as it is, or a day as the description wants it."""
    return written(span.day, str(parameter.schema.get("description") or "")) if span.day else span.text


def _runs(reading: Reading, parameter: Parameter) -> Iterator[Candidate]:
    items = parameter.schema["items"]
    lists = [*runs(reading.text, reading.numbers), *([one] for one in reading.numbers)]
    if len(reading.numbers) > 1:
        lists.append(reading.numbers)
    for group in lists:
        values = [one.value for one in group]
        if all(_fits(value, items) for value in values):
            start, end = group[0].start, group[-1].end
            features = _mean(of_number(reading, parameter, one, share=False) for one in group)
            yield Candidate(cast("list[Json]", values), features | _shape(reading, values, start), start, end)


def _series(reading: Reading, parameter: Parameter) -> Iterator[Candidate]:
    if options := parameter.schema["items"].get("enum"):
        yield from _mentioned(reading, parameter, options)
        return
    for group in chain(_bracketed(reading.text), _enumerated(reading), ([span] for span in reading.spans)):
        values = [_said(span, parameter) for span in group]
        start, end = group[0].start, group[-1].end
        features = _mean(of_span(reading, parameter, span) for span in group)
        yield Candidate(cast("list[Json]", values), features | _shape(reading, values, start), start, end)


def _mentioned(reading: Reading, parameter: Parameter, options: Sequence[str]) -> Iterator[Candidate]:
    judged = [(option, of_choice(reading, parameter, option, listed=True)) for option in options]
    said = [(option, features) for option, features in judged if features["said"] == 1.0]
    for group in ([*said], *([one] for one in judged)):
        if group:
            features = _mean(features for _, features in group)
            yield Candidate([option for option, _ in group], {**features, "items": float(len(group))})


def _bracketed(text: str) -> Iterator[list[Span]]:
    for found in _BRACKETS.finditer(text):
        items, at = list[Span](), found.start(1)
        for part in re.split(r"(,)", found[1]):
            clean = part.strip().strip("'\"‘’“”")
            if clean and clean != ",":
                start = at + part.index(clean)
                items.append(Span(clean, start, start + len(clean), "quoted"))
            at += len(part)
        if len(items) > 1:
            yield items


def _enumerated(reading: Reading) -> Iterator[list[Span]]:
    """Yield the enumerations (`A, B and C`): chains of stretches with separators between them, longest first."""
    behind: dict[int, list[Span]] = {}
    for span in reading.spans:
        behind.setdefault(span.start, []).append(span)
    chains = [[span] for span in reading.spans]
    done = list[list[Span]]()
    for _ in range(6):
        longer = list[list[Span]]()
        for group in chains:
            edge = group[-1].end + (reading.text[group[-1].end : group[-1].end + 1] in ("'", '"', "’", "”"))
            if found := _SEPARATOR.match(reading.text, edge):
                start = found.end() + (reading.text[found.end() : found.end() + 1] in ("'", '"', "‘", "“"))
                longer += [[*group, span] for span in behind.get(start, ()) if not _separated(span)]
        chains = longer[:200]
        done = [*chains, *done]
    return iter(done[:40])


def _separated(span: Span) -> bool:
    return bool(_SEPARATOR.search(span.text))


def _shape(reading: Reading, values: Sequence[object], start: int) -> dict[str, float]:
    return {
        "items": float(len(values)),
        "one item": float(len(values) == 1),
        "bracket": float(reading.text[max(0, start - 2) : start].rstrip("'\"").endswith(("[", "("))),
    }


def _fits(value: float, schema: Mapping[str, Any]) -> bool:
    if schema.get("type") == "integer" and not isinstance(value, int):
        return False
    return schema.get("minimum", value) <= value <= schema.get("maximum", value)


def _literal(text: str, value: str) -> tuple[int, int]:
    found = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE) if stems(value) else None
    return found.span() if found else (-1, -1)


def _mean(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    known = list(rows)
    return {name: sum(row[name] for row in known) / len(known) for name in known[0]}


def _distinct(found: Iterable[Candidate]) -> Iterator[Candidate]:
    seen = set[tuple[str, int]]()
    for one in found:
        key = (repr(one.value), one.start)
        if key not in seen:
            seen.add(key)
            yield one
