"""Fitting a run-time value to its declared type."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import cast

from runtime.base.errors import Json

from ..errors import ValueMismatch
from .moments import parse_duration, parse_timestamp, timestamp_text
from .shapes import (
    BOOLEAN,
    DURATION,
    FILE,
    FILE_FIELDS,
    IMAGE,
    INTEGER,
    JSON,
    NUMBER,
    SECRET,
    STRING,
    TIMESTAMP,
    EnumOf,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Type,
    UnionOf,
)

__all__ = ["MAX_NESTING", "coerce"]

MAX_NESTING = 64
INT64 = 2**63


def coerce(value: object, kind: Type, where: str = "") -> Json:
    """Return `value` in the one form that `kind` has at run time.

    Whole numbers fit both `integer` and `number` (3.0 becomes 3, 3 becomes 3.0); timestamps are written in UTC; an
    optional field that is null is left out; fields that a record does not declare are kept.

    Args:
        value: Parsed JSON.
        kind: The declared type.
        where: The path that messages begin with, for example `inputs.readings`.

    Raises:
        ValueMismatch: The value does not fit, is nested deeper than 64, or is no JSON (NaN, bytes, a NUL in a text).
    """
    return _coerce(value, kind, where, 0)


def _coerce(value: object, kind: Type, where: str, depth: int) -> Json:
    if depth > MAX_NESTING:
        raise _wrong(where, f"is nested deeper than {MAX_NESTING}")
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return simple(value, where)
    match kind:
        case ListOf(item):
            return _list(value, item, where, depth)
        case MapOf(inner):
            return _map(value, inner, where, depth)
        case OptionalOf(inner):
            return None if value is None else _coerce(value, inner, where, depth)
        case Record():
            return _record(value, kind, where, depth)
        case UnionOf(members):
            return _member(value, kind, members, where, depth)
        case EnumOf(values):
            return _enum(value, values, where)
        case _:
            return _json(value, where, depth)


def _list(value: object, item: Type, where: str, depth: int) -> Json:
    if not isinstance(value, list):
        raise _mismatch(value, f"list<{item}>", where)
    items = cast("list[object]", value)
    return [_coerce(one, item, f"{where}[{at}]", depth + 1) for at, one in enumerate(items)]


def _map(value: object, inner: Type, where: str, depth: int) -> Json:
    found = _object(value, f"map<{inner}>", where)
    return {key: _coerce(one, inner, _join(where, key), depth + 1) for key, one in found.items()}


def _record(value: object, kind: Record, where: str, depth: int) -> Json:
    found = _object(value, str(kind), where)
    done: dict[str, Json] = {}
    for name, wanted in kind.fields.items():
        one = found.get(name)
        if one is None and isinstance(wanted, OptionalOf):
            continue
        if one is None and name not in found:
            raise _wrong(where, f"lacks the field {name!r} of {kind}")
        done[name] = _coerce(one, wanted, _join(where, name), depth + 1)
    for name, one in found.items():
        if name not in kind.fields:
            done[name] = _json(one, _join(where, name), depth + 1)
    return done


def _member(value: object, kind: Type, members: tuple[Type, ...], where: str, depth: int) -> Json:
    # The first member that takes the value as it is wins over one that would convert it.
    converted: list[Json] = []
    for member in members:
        try:
            found = _coerce(value, member, where, depth)
        except ValueMismatch:
            continue
        if found == value and type(found) is type(value):
            return found
        converted.append(found)
    if not converted:
        raise _mismatch(value, str(kind), where)
    return converted[0]


def _enum(value: object, values: tuple[str, ...], where: str) -> Json:
    if isinstance(value, str) and value in values:
        return value
    shown = ", ".join(values[:8]) + (", …" if len(values) > 8 else "")
    raise _mismatch(value, f"one of {shown}", where)


def _string(value: object, where: str) -> Json:
    return _text(value, where) if isinstance(value, str) else _refuse(value, STRING, where)


def _integer(value: object, where: str) -> Json:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not -INT64 <= value < INT64:
        raise _mismatch(value, "integer", where)
    return value


def _number(value: object, where: str) -> Json:
    if type(value) is int and abs(value) < 2**1023:
        return float(value)
    return value if isinstance(value, float) and math.isfinite(value) else _refuse(value, NUMBER, where)


def _boolean(value: object, where: str) -> Json:
    return value if isinstance(value, bool) else _refuse(value, BOOLEAN, where)


def _timestamp(value: object, where: str) -> Json:
    try:
        return timestamp_text(parse_timestamp(value)) if isinstance(value, str) else _refuse(value, TIMESTAMP, where)
    except ValueError as error:
        raise _mismatch(value, "timestamp (RFC 3339)", where) from error


def _duration(value: object, where: str) -> Json:
    if not isinstance(value, str):
        return _refuse(value, DURATION, where)
    try:
        parse_duration(value)
    except ValueError as error:
        raise _mismatch(value, "duration (as 90s or 2h)", where) from error
    return value


def _file(value: object, where: str) -> Json:
    return _record(value, _FILE, where, 0)


def _image(value: object, where: str) -> Json:
    found = cast("dict[str, Json]", _record(value, _FILE, where, 0))
    if not str(found["media_type"]).startswith("image/"):
        raise _mismatch(found["media_type"], "the media type of an image", _join(where, "media_type"))
    return found


_FILE = Record("file", FILE_FIELDS)
_SIMPLE: Mapping[Type, Callable[[object, str], Json]] = {
    STRING: _string,
    SECRET: _string,
    INTEGER: _integer,
    NUMBER: _number,
    BOOLEAN: _boolean,
    TIMESTAMP: _timestamp,
    DURATION: _duration,
    FILE: _file,
    IMAGE: _image,
}


def _json(value: object, where: str, depth: int) -> Json:
    if depth > MAX_NESTING:
        raise _wrong(where, f"is nested deeper than {MAX_NESTING}")
    match value:
        case None | bool() | int():
            return value
        case str():
            return _text(value, where)
        case float() if math.isfinite(value):
            return value
        case list():
            items = cast("list[object]", value)
            return [_json(one, f"{where}[{at}]", depth + 1) for at, one in enumerate(items)]
        case dict():
            found = _object(cast("object", value), "json", where)
            return {key: _json(one, _join(where, key), depth + 1) for key, one in found.items()}
        case _:
            raise _mismatch(value, str(JSON), where)


def _text(value: str, where: str) -> str:
    # A NUL would cut the text short in the expression library; a lone surrogate has no UTF-8. Postgres refuses both.
    if "\0" in value:
        raise _wrong(where, "holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _wrong(where, "is not valid Unicode") from error
    return value


def _object(value: object, wanted: str, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _mismatch(value, wanted, where)
    found = cast("dict[object, object]", value)
    for key in found:
        if not isinstance(key, str):
            raise _mismatch(key, "a string as key", where)
        _text(key, where)
    return cast("dict[str, object]", found)


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _wrong(where: str, problem: str) -> ValueMismatch:
    place = where if len(where) <= 80 else "…" + where[-79:]
    return ValueMismatch(f"{place or 'the value'} {problem}", details={"path": place})


def _refuse(value: object, kind: Type, where: str) -> Json:
    raise _mismatch(value, str(kind), where)


def _mismatch(value: object, wanted: str, where: str) -> ValueMismatch:
    return _wrong(where, f"must be {wanted}, not {_shown(value)}")


def _shown(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}" if abs(value) < 1e300 else "a number out of range"
        case str():
            return repr(value if len(value) <= 40 else value[:39] + "…")
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return f"a {type(value).__name__}"
