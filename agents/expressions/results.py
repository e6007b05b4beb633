"""Values on their way into the library and back: JSON on our side, timestamps and durations on the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, TypeAlias, cast

from runtime.base.errors import Json

from ..types import (
    DURATION,
    TIMESTAMP,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Type,
    duration_text,
    parse_duration,
    parse_timestamp,
    timestamp_text,
)
from .descriptors import Proto, well_known

__all__ = ["MAX_ITEMS", "MAX_NESTING", "Lower", "Native", "lowering", "number_text", "plain", "settle"]

MAX_NESTING = 64
MAX_ITEMS = 100_000

Native: TypeAlias = Any
"""JSON, but for timestamps and durations, which are protobuf messages."""

Lower: TypeAlias = Callable[[Native], Native]
"""Turns JSON into what the library works with; what does not have the expected form stays as it is."""


@lru_cache(maxsize=4096)
def lowering(kind: Type) -> Lower | None:
    """Return how values of `kind` are prepared; None, for most types, when the library takes them as they are."""
    match kind:
        case ListOf(inner) | MapOf(inner) | OptionalOf(inner):
            lower = lowering(inner)
            return None if lower is None else partial(_inside, lower)
        case Record(fields=fields):
            lowers = {name: lower for name, one in fields.items() if (lower := lowering(one)) is not None}
            return partial(_fields, lowers) if lowers else None
        case _:
            return _MOMENTS.get(kind)


def _inside(lower: Lower, value: Native) -> Native:
    if isinstance(value, list):
        return [lower(one) for one in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: lower(one) for key, one in cast("dict[str, Any]", value).items()}
    return lower(value)


def _fields(lowers: Mapping[str, Lower], value: Native) -> Native:
    if not isinstance(value, dict):
        return value
    found = cast("dict[str, Any]", value)
    return {**found, **{name: lower(found[name]) for name, lower in lowers.items() if name in found}}


def _timestamp(value: Native) -> Native:
    try:
        return _message(parse_timestamp(value))
    except (TypeError, ValueError):
        return value


def _duration(value: Native) -> Native:
    try:
        return _message(parse_duration(value))
    except (TypeError, ValueError):
        return value


def _message(value: datetime | timedelta) -> Native:
    if isinstance(value, datetime):
        message = _Timestamp()
        message.FromDatetime(value)
    else:
        message = _Duration()
        message.FromTimedelta(value)
    return message


_Timestamp: Proto = well_known("Timestamp")
_Duration: Proto = well_known("Duration")
_MOMENTS: Mapping[Type, Lower] = {TIMESTAMP: _timestamp, DURATION: _duration}


def settle(value: Native) -> Native:
    """Return what the library gave, ready to be given to it again, with maps in the order of their keys.

    Raises:
        ValueError: A map has a key that is no string.
    """
    if isinstance(value, list):
        return [settle(one) for one in cast("list[Any]", value)]
    if isinstance(value, dict):
        found = cast("dict[Any, Any]", value)
        if not all(isinstance(key, str) for key in found):
            raise ValueError("the keys of a map must be strings")
        return {key: settle(found[key]) for key in sorted(found)}
    if isinstance(value, datetime | timedelta):
        return _message(value)
    return value


def plain(value: Native, depth: int = 0) -> Json:
    """Return a settled value as JSON: timestamps in RFC 3339 and UTC, durations in seconds.

    Raises:
        ValueError: It has no JSON form, or is too deep or too long.
    """
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("the result is not a finite number")
        return value
    if depth > MAX_NESTING:
        raise ValueError(f"the result is nested deeper than {MAX_NESTING}")
    if isinstance(value, list):
        return _list(cast("list[Any]", value), depth)
    if isinstance(value, dict):
        return _dict(cast("dict[Any, Any]", value), depth)
    return _moment(value)


def _list(items: list[Any], depth: int) -> Json:
    if len(items) > MAX_ITEMS:
        raise ValueError(f"the result has {len(items)} items; at most {MAX_ITEMS} are allowed")
    return [plain(item, depth + 1) for item in items]


def _dict(entries: dict[Any, Any], depth: int) -> Json:
    if len(entries) > MAX_ITEMS:
        raise ValueError(f"the result has {len(entries)} entries; at most {MAX_ITEMS} are allowed")
    return {key: plain(item, depth + 1) for key, item in entries.items()}


def _moment(value: Native) -> Json:
    if isinstance(value, _Timestamp):
        return timestamp_text(value.ToDatetime(UTC))
    if isinstance(value, _Duration):
        return duration_text(value.ToTimedelta())
    raise ValueError("the result is of no type of the language")


def number_text(value: float) -> str:
    """Return the shortest text of a number, as JavaScript writes it: `7`, `7.1`, `0.00001`, `1e-7`, `1e+21`.

    Source: ECMAScript, Number::toString. CEL's own `string(7.0)` agrees below a million and turns to `1e+06` there.
    """
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    if "e" not in text:
        return text
    if 1e-6 <= abs(value) < 1e21:
        return format(Decimal(text), "f")
    digits, exponent = text.split("e")
    return f"{digits}e{int(exponent):+d}"
