"""Which type may flow into which, and why not.

Few conversions are silent: `integer` to `number`, `T` to `optional<T>`, an enum to `string`, an `image` to `file`, a
record to another whose required fields it has, and everything but a secret to `json`.
"""

from __future__ import annotations

from .shapes import (
    FILE,
    IMAGE,
    INTEGER,
    JSON,
    NEVER,
    NUMBER,
    STRING,
    EnumOf,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Type,
    UnionOf,
    extent,
)

__all__ = ["assignable", "explain", "join"]

_WIDENS = frozenset({(INTEGER, NUMBER), (IMAGE, FILE)})


def assignable(source: Type, target: Type) -> bool:
    """Whether every value of `source` is a value of `target`, up to the conversions that `coerce` makes."""
    if source in (target, NEVER) or (source, target) in _WIDENS:
        return True
    if target == JSON:
        return not extent(source).secret
    if isinstance(source, UnionOf):
        return all(assignable(member, target) for member in source.members)
    match target:
        case UnionOf(members):
            return any(assignable(source, member) for member in members)
        case OptionalOf(inner):
            return assignable(source.inner if isinstance(source, OptionalOf) else source, inner)
        case _:
            return _parts_fit(source, target)


def _parts_fit(source: Type, target: Type) -> bool:
    match source, target:
        case (ListOf(one), ListOf(other)) | (MapOf(one), MapOf(other)):
            return assignable(one, other)
        case EnumOf(values), EnumOf(allowed):
            return set(values) <= set(allowed)
        case Record(), MapOf(value):
            # A record's value may hold further fields of any kind, and a map must know them all.
            return value == JSON
        case Record(), Record():
            return all(_field_fits(source, name, kind) for name, kind in target.fields.items())
        case _:
            return isinstance(source, EnumOf) and target == STRING


def _field_fits(source: Record, name: str, wanted: Type) -> bool:
    found = source.fields.get(name)
    return isinstance(wanted, OptionalOf) if found is None else assignable(found, wanted)


def _present(kind: Type) -> Type:
    return kind.inner if isinstance(kind, OptionalOf) else kind


def explain(source: Type, target: Type) -> str:
    """Return why `source` does not fit `target`, as a short clause; empty when it fits."""
    if assignable(source, target):
        return ""
    match source, target:
        case _ if extent(source).secret:
            return "a secret fits only a secret"
        case Record(), Record():
            return _explain_record(source, target)
        case (ListOf(one), ListOf(other)) | (MapOf(one), MapOf(other)):
            return f"of the items: {explain(one, other)}"
        case _ if source == JSON:
            return f"json may be anything; give its source the type {target}"
        case UnionOf(members), _:
            return f"{next(member for member in members if not assignable(member, target))} does not fit {target}"
        case OptionalOf(inner), _ if assignable(inner, target):
            return "it may be absent; append .orValue(…) to a .? read"
        case EnumOf(values), EnumOf(allowed):
            return f"{next(value for value in values if value not in allowed)!r} is not one of {target}"
        case _:
            return _explain_simple(source, target)


def _explain_simple(source: Type, target: Type) -> str:
    if source == NUMBER and target == INTEGER:
        return "a number may have a fraction; write int(…)"
    if target == STRING:
        return "convert it with string(…), or use a template"
    return f"{source} is not {target}"


def _explain_record(source: Record, target: Record) -> str:
    for name, wanted in target.fields.items():
        if not _field_fits(source, name, wanted):
            found = source.fields.get(name)
            return f"it lacks {name}" if found is None else f"{name} is {found}, not {wanted}"
    raise AssertionError(f"{source} fits {target}")


def join(one: Type, other: Type) -> Type:
    """Return the least type that both fit, `json` when there is no closer one."""
    if assignable(one, other):
        return other
    if assignable(other, one):
        return one
    match one, other:
        case ListOf(a), ListOf(b):
            return ListOf(join(a, b))
        case MapOf(a), MapOf(b):
            return MapOf(join(a, b))
        case EnumOf(a), EnumOf(b):
            return EnumOf(tuple(dict.fromkeys((*a, *b))))
        case (OptionalOf(), _) | (_, OptionalOf()):
            return OptionalOf(join(_present(one), _present(other)))
        case _:
            return JSON
