"""Types as JSON Schema 2020-12, and back.

What JSON Schema cannot say stands under the key `x-baigong`: `file`, `image`, `duration`, `secret`. What a type cannot
say (patterns, limits, recursion, tuples) is lost on the way in, up to `json` for a schema that has no type at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from runtime.base.errors import Json

from .shapes import (
    BOOLEAN,
    DURATION,
    FILE,
    FILE_FIELDS,
    IMAGE,
    INTEGER,
    JSON,
    MAX_DEPTH,
    MAX_SIZE,
    NEVER,
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
    extent,
    union,
)

__all__ = ["from_schema", "to_schema"]


def to_schema(kind: Type) -> dict[str, Json]:
    """Return the JSON Schema of `kind`, without `$ref`, with a record's name as `title`."""
    match kind:
        case ListOf(item):
            return {"type": "array", "items": to_schema(item)}
        case MapOf(value):
            return {"type": "object", "additionalProperties": to_schema(value)}
        case OptionalOf(inner):
            return {"anyOf": [to_schema(inner), {"type": "null"}]}
        case UnionOf(members):
            return {"anyOf": [to_schema(member) for member in members]}
        case EnumOf(values):
            return {"type": "string", "enum": list(values)}
        case Record():
            return _object(kind.name, kind.fields)
        case _:
            return dict(_SIMPLE[kind])


def _object(name: str, fields: Mapping[str, Type]) -> dict[str, Json]:
    inner = {key: kind.inner if isinstance(kind, OptionalOf) else kind for key, kind in fields.items()}
    schema: dict[str, Json] = {"type": "object", "title": name} if name else {"type": "object"}
    schema["properties"] = {key: to_schema(kind) for key, kind in inner.items()}
    schema["required"] = [key for key, kind in fields.items() if not isinstance(kind, OptionalOf)]
    return schema


_FILE: Mapping[str, Json] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "media_type": {"type": "string"},
        "size": {"type": "integer"},
    },
    "required": list(FILE_FIELDS),
}
_SIMPLE: Mapping[Type, Mapping[str, Json]] = {
    STRING: {"type": "string"},
    INTEGER: {"type": "integer"},
    NUMBER: {"type": "number"},
    BOOLEAN: {"type": "boolean"},
    TIMESTAMP: {"type": "string", "format": "date-time"},
    DURATION: {"type": "string", "x-baigong": "duration"},
    SECRET: {"type": "string", "x-baigong": "secret", "writeOnly": True},
    FILE: {**_FILE, "x-baigong": "file"},
    IMAGE: {**_FILE, "x-baigong": "image"},
    JSON: {},
    NEVER: {"not": {}},
}
_MARKED: Mapping[str, Type] = {"file": FILE, "image": IMAGE, "duration": DURATION, "secret": SECRET}
_NAMED: Mapping[str, Type] = {"string": STRING, "integer": INTEGER, "number": NUMBER, "boolean": BOOLEAN}

_VALUES: Mapping[type[object], Type] = {str: STRING, int: INTEGER, float: NUMBER, bool: BOOLEAN}

_Schema = Mapping[str, Any]


def from_schema(schema: Mapping[str, Any], name: str = "") -> Type:
    """Return the type that says most of what `schema` says.

    Args:
        schema: JSON Schema 2020-12 (or 7); `$ref` is followed inside it only.
        name: The record's name, when the schema is of an object; its `title` otherwise.
    """
    found = _Reader(schema).read(schema, name, ())
    return found if extent(found).size <= MAX_SIZE else JSON


class _Reader:
    """Reads one document; the number of visited schemas is bounded, so that shared references cannot explode."""

    def __init__(self, document: _Schema) -> None:
        self._document = document
        self._left = MAX_SIZE

    def read(self, schema: object, name: str, path: tuple[str, ...]) -> Type:
        """Return the type of a part of the document; `path` holds a mark for every enclosing part."""
        self._left -= 1
        if not isinstance(schema, Mapping) or self._left < 0 or len(path) > MAX_DEPTH:
            return JSON
        found = cast("_Schema", schema)
        marked = _MARKED.get(str(found.get("x-baigong")))
        if marked is not None:
            return marked
        for key, read in (("$ref", self._reference), ("allOf", self._all), ("anyOf", self._any), ("oneOf", self._any)):
            if key in found:
                return read(found[key], name, path)
        if "enum" in found or "const" in found:
            return self._enum(found)
        return self._typed(found, name, path)

    def _reference(self, pointer: object, name: str, path: tuple[str, ...]) -> Type:
        if not isinstance(pointer, str) or not pointer.startswith("#") or pointer in path:
            return JSON
        target: object = self._document
        for key in pointer.removeprefix("#").split("/")[1:]:
            target = _entry(target, key.replace("~1", "/").replace("~0", "~"))
        last = pointer.rsplit("/", 1)[-1]
        return self.read(target, name or last.removeprefix("#"), (*path, pointer))

    def _any(self, members: object, name: str, path: tuple[str, ...]) -> Type:
        items = cast("list[object]", members) if isinstance(members, list) else []
        kinds = [self.read(item, name, (*path, "")) for item in items if not _is_null(item)]
        if not kinds:
            return JSON
        found = JSON if JSON in kinds else union(*kinds)
        return found if len(kinds) == len(items) or found == JSON else _optional(found)

    def _all(self, members: object, name: str, path: tuple[str, ...]) -> Type:
        items = cast("list[object]", members) if isinstance(members, list) else []
        kinds = [kind for item in items if (kind := self.read(item, name, (*path, ""))) != JSON]
        records = [kind for kind in kinds if isinstance(kind, Record)]
        if len(kinds) == 1:
            return kinds[0]
        if not kinds or len(records) < len(kinds):
            return JSON
        return Record(name or records[0].name, {key: kind for record in records for key, kind in record.fields.items()})

    def _enum(self, schema: _Schema) -> Type:
        stated: object = schema.get("enum", [schema.get("const")])
        values = cast("list[object]", stated) if isinstance(stated, list) else []
        given = [value for value in values if value is not None]
        texts = [value for value in given if isinstance(value, str)]
        if not given:
            return JSON
        if len(texts) == len(given):
            kind: Type = EnumOf(tuple(dict.fromkeys(texts)))
        else:
            kinds = [_VALUES.get(type(value), JSON) for value in given]
            kind = JSON if JSON in kinds else union(*kinds)
        return kind if len(given) == len(values) or kind == JSON else OptionalOf(kind)

    def _typed(self, schema: _Schema, name: str, path: tuple[str, ...]) -> Type:
        stated = schema.get("type")
        if isinstance(stated, list):
            alternatives = [{**schema, "type": one} for one in cast("list[object]", stated)]
            return self._any(alternatives, name, path)
        if stated == "array":
            return ListOf(self.read(schema.get("items"), "", (*path, "")))
        if stated == "object" or (stated is None and "properties" in schema):
            return self._object(schema, name, path)
        if stated == "string" and schema.get("format") == "date-time":
            return TIMESTAMP
        return _NAMED.get(str(stated), JSON)

    def _object(self, schema: _Schema, name: str, path: tuple[str, ...]) -> Type:
        properties = schema.get("properties")
        open_ended = not properties and "additionalProperties" in schema
        if not isinstance(properties, Mapping) or open_ended:
            return MapOf(self.read(schema.get("additionalProperties"), "", (*path, "")))
        stated = schema.get("required")
        required = cast("list[object]", stated) if isinstance(stated, list) else []
        fields: dict[str, Type] = {}
        for key, value in cast("_Schema", properties).items():
            kind = self.read(value, "", (*path, ""))
            fields[key] = kind if key in required else _optional(kind)
        title = schema.get("title")
        return Record(name or (title if isinstance(title, str) else ""), fields)


def _entry(schema: object, key: str) -> object:
    return cast("_Schema", schema).get(key) if isinstance(schema, Mapping) else None


def _is_null(schema: object) -> bool:
    return isinstance(schema, Mapping) and cast("_Schema", schema).get("type") == "null"


def _optional(kind: Type) -> Type:
    return kind if isinstance(kind, OptionalOf) else OptionalOf(kind)
