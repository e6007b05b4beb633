"""The leaves of a JSON grammar in GBNF: literals, strings, numbers, and what it takes to close them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...base.errors import Json

__all__ = ["CHAR", "COLON", "FORMATS", "NEXT", "Part", "dump", "literal", "literals", "number"]

CHAR: Final = r'[^"\\\x00-\x1F\x7F] | "\\" ["\\/nrt]'
"""A character of a JSON string. No `\\u`: models can write UTF-8, and half a surrogate pair is no text."""
NEXT, COLON = '"," " "?', '":" " "?'
_DATE: Final = '[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])'
_TIME: Final = '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9]'
_ZONE: Final = '("Z" | [+-] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9])'
_HEX: Final = "[0-9a-fA-F]"
FORMATS: Final = {
    "date": _DATE,
    "time": f"{_TIME} {_ZONE}",
    "date-time": f'{_DATE} "T" {_TIME} {_ZONE}',
    "uuid": f'{_HEX}{{8}} "-" {_HEX}{{4}} "-" {_HEX}{{4}} "-" {_HEX}{{4}} "-" {_HEX}{{12}}',
}
"""String formats that a grammar can hold; all are shorter than 40 bytes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A grammar expression, and the bytes that close it from its start and from anywhere inside."""

    text: str
    start: int
    inside: int


def literals(values: Sequence[Json]) -> Part:
    """Return the choice between fixed JSON values."""
    texts = list(dict.fromkeys(dump(value) for value in values))
    size = max(len(text.encode()) for text in texts)
    return Part(" | ".join(map(literal, texts)), size, size)


def number(low: Json, high: Json, *, integer: bool, enumerate_: int) -> Part:
    """Return a number without exponent, of at most twelve digits before and six behind the point."""
    if integer and isinstance(low, int) and isinstance(high, int) and 0 <= high - low < enumerate_:
        return literals(list(range(low, high + 1)))
    natural = isinstance(low, int | float) and low >= 0
    digits = len(str(int(high))) if natural and isinstance(high, int | float) and 1 <= high < 1e12 else 12
    text = f'("0" | [1-9] [0-9]{{0,{digits - 1}}})' + ("" if integer else ' ("." [0-9]{1,6})?')
    return Part(text if natural else f'"-"? {text}', 4, 4)


def dump(value: Json) -> str:
    """Return a value as the model is to write it."""
    return json.dumps(value, ensure_ascii=False)


def literal(text: str) -> str:
    """Quote text for GBNF; JSON has already escaped control characters."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
