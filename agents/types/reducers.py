"""How a write to a state key joins what is already there.

| reducer | key's type | the write | result |
|---|---|---|---|
| `replace` | any | same type | the write |
| `append` | `list<T>` | one `T` | the list with the item at its end |
| `add` | `integer`, `number` | same type | the sum |
| `union` | `list<T>` | same type | a set: no repeats, in canonical order |
| `merge` | `map<T>`, a record, `json` | same type | all keys, the write's where both have one |
| `max`, `min` | `integer`, `number`, `timestamp` | same type | the greater, the smaller |
"""

from __future__ import annotations

import json
from typing import cast

from runtime.base.errors import Json

from ..errors import ValueMismatch
from .moments import parse_timestamp
from .shapes import INTEGER, JSON, NUMBER, TIMESTAMP, ListOf, MapOf, OptionalOf, Record, Type

__all__ = ["COMMUTATIVE", "reduce", "reducible"]

COMMUTATIVE = frozenset({"add", "union", "max", "min"})
"""Reducers for which the order of two writes does not matter."""


def reducible(reducer: str, kind: Type) -> bool:
    """Whether `reducer` works on a state key of type `kind`."""
    inner = kind.inner if isinstance(kind, OptionalOf) else kind
    match reducer:
        case "replace":
            return True
        case "append" | "union":
            return isinstance(inner, ListOf)
        case "add":
            return inner in (INTEGER, NUMBER)
        case "merge":
            return isinstance(inner, MapOf | Record) or inner == JSON
        case "max" | "min":
            return inner in (INTEGER, NUMBER, TIMESTAMP)
        case _:
            return False


def reduce(reducer: str, old: Json, new: Json) -> Json:
    """Return the state after `new` is written to a key that holds `old`; a key that holds nothing has None.

    Raises:
        ValueMismatch: The values are not such that `reducer` works on them, or there is no such reducer.
    """
    match reducer, old, new:
        case "replace", _, _:
            return new
        case "append", list() | None, _:
            return [*(old or []), new]
        case "union", list() | None, list():
            return _union([*(old or []), *new])
        case "merge", dict() | None, dict():
            return {**(old or {}), **new}
        case "add" | "max" | "min", None, _:
            return new
        case "add", int() | float(), int() | float():
            return old + new
        case "max" | "min", _, _:
            first, second = _rank(old), _rank(new)
            if type(first) is type(second):
                return new if (second > first) == (reducer == "max") else old
        case _:
            pass
    raise ValueMismatch(f"the reducer {reducer!r} does not work on {_shown(old)} and {_shown(new)}")


def _union(items: list[Json]) -> Json:
    unique = {json.dumps(item, sort_keys=True, ensure_ascii=False): item for item in items}
    return [unique[text] for text in sorted(unique)]


def _rank(value: Json) -> float | int:
    if isinstance(value, int | float):
        return value
    try:
        return parse_timestamp(cast("str", value)).timestamp()
    except (TypeError, ValueError) as error:
        raise ValueMismatch(f"{_shown(value)} has no order", fix="max and min take numbers and timestamps.") from error


def _shown(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]
