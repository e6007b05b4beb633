"""A type's structure as plain JSON, for programs in other languages that have to know what fits where."""

from __future__ import annotations

from typing import Final

from runtime.base.errors import Json

from .shapes import EnumOf, ListOf, MapOf, OptionalOf, Primitive, Record, Type, UnionOf

__all__ = ["describe"]

_DEEPEST: Final = 6


def describe(kind: Type, depth: int = 0) -> Json:
    """Return a type's structure; what lies deeper than six levels is described as `json`.

    Returns:
        A primitive's name, or one of `{list: T}`, `{map: T}`, `{optional: T}`, `{union: [T]}`, `{enum: [text]}`,
        `{record: name, fields: {name: T}}`.
    """
    if depth >= _DEEPEST:
        return "json"
    match kind:
        case Primitive(name):
            return name
        case ListOf(item):
            return {"list": describe(item, depth + 1)}
        case MapOf(value):
            return {"map": describe(value, depth + 1)}
        case OptionalOf(inner):
            return {"optional": describe(inner, depth + 1)}
        case UnionOf(members):
            return {"union": [describe(member, depth + 1) for member in members]}
        case EnumOf(values):
            return {"enum": [*values]}
        case Record():
            fields = {name: describe(field, depth + 1) for name, field in kind.fields.items()}
            return {"record": kind.name, "fields": fields}
        case _:
            raise AssertionError(f"a type without a description: {kind!r}")
