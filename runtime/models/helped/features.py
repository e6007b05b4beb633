"""What speaks for a value as that of a parameter: numbers by name, whose weights are in `weights`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ...base.errors import Json
from .dates import MONTHS
from .figures import Found, numbers
from .spans import Span, spans
from .words import EDGE, Word, nearness, spoken, stems, tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Candidate", "Parameter", "Reading", "absent", "of_choice", "of_flag", "of_number", "of_span"]

_OPTION: Final = re.compile(r"['\"‘“]([^'\"’”]{1,40})['\"’”]")
_PLACES: Final = stems("location city place country state region area address destination venue town")
_DATES: Final = stems("date day")
_FORMULAS: Final = stems("function expression equation polynomial formula")
_TEXTS: Final = stems("text sentence content message query review string title name")
_SHARES: Final = stems("rate percent percentage probability ratio decimal share level yield interest chance frequency")
_YEARS: Final = stems("year date season")
_FROM, _TO = stems("from start origin source begin base initial"), stems("to end destination target final")
_NEGATIONS: Final = frozenset(("without", "not", "no", "exclud", "don't", "except", "ignor", "avoid"))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter, and what its name and description say.

    Args:
        name: Its name.
        schema: Its schema.
        needed: Whether it must be given.
        place: Which of the tool's parameters of its kind it is, from 0 to 1.
    """

    name: str
    schema: Mapping[str, Any]
    needed: bool
    place: float
    named: frozenset[str]
    told: frozenset[str]

    @classmethod
    def read(cls, name: str, schema: Mapping[str, Any], *, needed: bool, place: float = 0.0) -> Parameter:
        """Return a parameter with the stems of its words."""
        named = stems(name)
        return cls(name, schema, needed, place, named, stems(str(schema.get("description") or "")) - named)

    @property
    def text(self) -> str:
        """What is embedded."""
        return f"{spoken(self.name)}: {self.schema.get('description') or ''}"

    @property
    def options(self) -> list[str]:
        """Values that the description names in quotes, and the default."""
        found = _OPTION.findall(str(self.schema.get("description") or ""))
        return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a parameter may get; without a stretch of text where it comes from elsewhere.

    Args:
        value: The value; nothing where the parameter is left out.
        features: What speaks for it.
    """

    value: Json
    features: Mapping[str, float]
    start: int = -1
    end: int = -1
    omitted: bool = False

    def overlaps(self, other: Candidate) -> bool:
        """Whether both come from the same words."""
        return self.start >= 0 and self.start < other.end and other.start < self.end


@dataclass(slots=True)
class Reading:
    """A text with what was found in it, and the vectors of that."""

    text: str
    about: frozenset[str] = frozenset()
    """Stems of the tool's name and description: they are seldom values."""
    words: list[Word] = field(default_factory=list[Word])
    numbers: list[Found] = field(default_factory=list[Found])
    spans: list[Span] = field(default_factory=list[Span])
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict[str, "NDArray[np.float32]"])

    @classmethod
    def read(cls, text: str) -> Reading:
        """Find the words, numbers and stretches."""
        return cls(text, frozenset(), tokens(text), numbers(text), spans(text))

    def window(self, start: int, end: int) -> str:
        """Return a stretch with three words on each side."""
        before = [word for word in self.words if word[2] <= start][-3:]
        behind = [word for word in self.words if word[1] >= end][:3]
        return self.text[before[0][1] if before else start : behind[-1][2] if behind else end]

    def texts(self) -> list[str]:
        """Return what must have vectors."""
        found = [span.text for span in self.spans] + [self.window(span.start, span.end) for span in self.spans]
        found += [self.window(number.start, number.end) for number in self.numbers]
        return list(dict.fromkeys([self.text, *found]))

    def like(self, parameter: Parameter, text: str) -> float:
        """Return how near a text is to a parameter's description."""
        one, other = self.vectors.get(parameter.text), self.vectors.get(text)
        return float(one @ other) if one is not None and other is not None else 0.0

    def before(self, start: int) -> str:
        """Return the word before a place."""
        words = [word for word, _, end in self.words if end <= start]
        return words[-1] if words else ""


def of_number(reading: Reading, parameter: Parameter, found: Found, *, share: bool) -> dict[str, float]:
    """Return what speaks for a number."""
    named = nearness(reading.words, parameter.named, found.start, found.end)
    told = nearness(reading.words, parameter.told, found.start, found.end)
    known = parameter.named | parameter.told
    year = isinstance(found.value, int) and 1500 <= found.value <= 2100
    order = [one.start for one in reading.numbers].index(found.start)
    inside = any(
        span.start <= found.start and found.end <= span.end and span.kind in ("date", "formula", "quoted", "name")
        for span in reading.spans
        if span.end - span.start > found.end - found.start
    )
    ends = reading.text[found.end : found.end + 1]
    return {
        "name before": named[0],
        "name behind": named[1],
        "told before": told[0],
        "told behind": told[1],
        "year": float(year and bool(parameter.named & _YEARS)),
        "not year": float(year and not known & _YEARS),
        "no year": float(not year and bool(parameter.named & _YEARS)),
        "share": float(share),
        "share wanted": float(share and bool(known & _SHARES)),
        "per cent": float(found.share is not None and not share),
        "per cent wanted": float(found.share is not None and bool(known & _SHARES)),
        "place": -abs(order / max(1, len(reading.numbers) - 1) - parameter.place),
        "said": float(found.said),
        "inside": float(inside),
        "power": float(reading.text[max(0, found.start - 1) : found.start] in ("^", "*") or ends == "^"),
        "window": reading.like(parameter, reading.window(found.start, found.end)),
        "whole": float(isinstance(found.value, int) and parameter.schema.get("type") == "number"),
    }


def of_span(reading: Reading, parameter: Parameter, span: Span) -> dict[str, float]:
    """Return what speaks for a stretch of text."""
    named = nearness(reading.words, parameter.named, span.start, span.end)
    told = nearness(reading.words, parameter.told, span.start, span.end)
    known, own = parameter.named | parameter.told, stems(span.text)
    before = reading.before(span.start)
    place = bool(parameter.named & _PLACES)
    wanted = "date" if parameter.named & _DATES else "formula" if known & _FORMULAS else ""
    whole = [other.kind for other in reading.spans if other.kind != "words" and _inside(span, other)]
    size = max(1, len(own))
    inner = [word for word in span.text.lower().split()[1:-1] if word.strip(",") in EDGE]
    return {
        "alike": reading.like(parameter, span.text),
        "window": reading.like(parameter, reading.window(span.start, span.end)),
        "name before": named[0],
        "name behind": named[1],
        "told before": told[0],
        "told behind": told[1],
        "quoted": float(span.kind == "quoted"),
        "name": float(span.kind == "name"),
        "place name": float(span.kind == "name" and place),
        "date": float(span.kind == "date"),
        "date wanted": float(span.kind == "date" and wanted == "date"),
        "formula": float(span.kind == "formula"),
        "formula wanted": float(span.kind == "formula" and wanted == "formula"),
        "in": float(before in ("in", "at", "near")),
        "place in": float(before in ("in", "at", "near") and place),
        "from": float(before in ("from", "between") and bool(parameter.named & _FROM)),
        "to": float(before in ("to", "and", "into") and bool(parameter.named & _TO)),
        "of": float(before in ("of", "for")),
        "first": float(span.start <= 1 and span.kind == "words"),
        "part": float("name" in whole),
        "part quoted": float("quoted" in whole),
        "part date": float("date" in whole or "formula" in whole),
        "crossing": float(bool(inner) and span.kind == "words"),
        "of inside": float("of" in inner),
        "size": 0.0 if span.kind == "quoted" else len(span.text.split()) ** 0.5,
        "quoted text": float(span.kind == "quoted" and bool(known & _TEXTS)),
        "one": float(" " not in span.text),
        "month": float(any(month in span.text.lower() for month in MONTHS)),
        "about": len(own & reading.about) / size,
        "own name": len(own & parameter.named) / size,
        "own told": len(own & parameter.told) / size,
        "has name": float(bool(own & parameter.named)),
        "option": float(any(stems(option) <= own and stems(option) for option in parameter.options)),
        "digits": float(any(char.isdigit() for char in span.text)),
        "number": float(span.text.replace(",", "").replace(".", "").isdecimal()),
        "capital": float(span.text[:1].isupper()),
        "comma": float("," in span.text),
        "end": float(span.end >= len(reading.text.rstrip(" .?!'\""))),
        "verb": float(reading.words[0][1] == span.start and span.kind != "name") if reading.words else 0.0,
    }


def of_choice(reading: Reading, parameter: Parameter, value: str, *, listed: bool) -> dict[str, float]:
    """Return what speaks for a value that the schema lists, or that its description names."""
    own = stems(value)
    said = frozenset(word for word, _, _ in reading.words)
    share = len(own & said) / max(1, len(own))
    literal = re.search(rf"(?<!\w){re.escape(spoken(value))}(?!\w)", reading.text.lower())
    return {
        "listed": float(listed),
        "literal": float(bool(literal)),
        "said": share,
        "said alone": share if len(value) > 1 else 0.0,
        "default": float(value == parameter.schema.get("default") or _default(parameter, value)),
        "alike": reading.like(parameter, value) if not listed else 0.0,
        "alike text": _alike(reading, value),
    }


def of_flag(reading: Reading, parameter: Parameter, value: bool) -> dict[str, float]:
    """Return what speaks for true or false."""
    said = [word for word, _, _ in reading.words]
    named = len(parameter.named & frozenset(said)) / max(1, len(parameter.named))
    told = len((parameter.told - reading.about) & frozenset(said)) ** 0.5
    negated = float(any(word in _NEGATIONS for word in said))
    sign = 1.0 if value else 0.0
    return {
        "true": sign,
        "true named": sign * named,
        "true told": sign * told,
        "true negated": sign * negated,
        "true alike": sign * reading.like(parameter, reading.text),
        "default": float(parameter.schema.get("default") is value),
        "told default": float(_default(parameter, str(value).lower())),
    }


def absent(reading: Reading, parameter: Parameter) -> dict[str, float]:
    """Return what speaks for leaving a parameter out."""
    said = frozenset(word for word, _, _ in reading.words)
    about = frozenset(reading.about)
    named = parameter.named - about
    return {
        "absent": 1.0,
        "absent named": len(named & said) / max(1, len(named)),
        "absent told": len((parameter.told - about) & said) ** 0.5,
        "absent alike": reading.like(parameter, reading.text),
        "absent default": float("default" in parameter.schema or "default" in parameter.told),
        "absent numbers": float(len(reading.numbers)),
    }


def _inside(span: Span, other: Span) -> bool:
    return other.start <= span.start and span.end <= other.end and other.end - other.start > span.end - span.start


def _default(parameter: Parameter, value: str) -> bool:
    told = str(parameter.schema.get("description") or "").lower()
    return bool(re.search(rf"defaults?\b(?: value)?(?: is| to|:|=)* ['\"]?{re.escape(value.lower())}\b", told))


def _alike(reading: Reading, value: str) -> float:
    one, other = reading.vectors.get(reading.text), reading.vectors.get(spoken(value))
    return float(one @ other) if one is not None and other is not None else 0.0
