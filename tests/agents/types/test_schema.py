from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from agents.types import (
    BOOLEAN,
    BUILTINS,
    DURATION,
    FILE,
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
    assignable,
    extent,
    from_schema,
    to_schema,
    union,
)

from .strategies import TYPES


@given(TYPES.filter(lambda kind: not extent(kind).secret))
def test_round_trip_keeps_what_fits(kind: Type) -> None:
    schema = to_schema(kind)
    Draft202012Validator.check_schema(schema)
    back = from_schema(schema)
    assert assignable(kind, back)
    assert assignable(back, kind)


@pytest.mark.parametrize(
    "kind",
    [
        *BUILTINS.values(),
        FILE,
        IMAGE,
        SECRET,
        DURATION,
        TIMESTAMP,
        JSON,
        OptionalOf(STRING),
        ListOf(OptionalOf(BUILTINS["Passage"])),
        MapOf(JSON),
        union(STRING, INTEGER, BOOLEAN),
        EnumOf(("a", "b")),
        Record("Nothing", {}),
        Record("R", {"maybe": OptionalOf(ListOf(NUMBER)), "level": EnumOf(("low",))}),
    ],
    ids=str,
)
def test_round_trip_is_exact_for_what_apps_write(kind: Type) -> None:
    assert from_schema(to_schema(kind)) == kind


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string", "format": "date-time"}, TIMESTAMP),
        ({"type": "string", "format": "email", "minLength": 3}, STRING),
        ({"type": ["string", "null"]}, OptionalOf(STRING)),
        ({"type": ["string", "integer"]}, union(STRING, INTEGER)),
        ({"type": "array"}, ListOf(JSON)),
        ({"type": "object"}, MapOf(JSON)),
        ({"type": "object", "additionalProperties": {"type": "number"}}, MapOf(NUMBER)),
        ({"type": "object", "additionalProperties": False}, MapOf(JSON)),
        ({"type": "object", "properties": {}}, Record("", {})),
        ({"properties": {"a": {"type": "string"}}}, Record("", {"a": OptionalOf(STRING)})),
        ({"type": "object", "title": "T", "properties": {"a": True}, "required": ["a"]}, Record("T", {"a": JSON})),
        ({"enum": ["a", "b", None]}, OptionalOf(EnumOf(("a", "b")))),
        ({"enum": [1, 2]}, INTEGER),
        ({"enum": [1, "a"]}, union(INTEGER, STRING)),
        ({"enum": []}, JSON),
        ({"enum": [{}]}, JSON),
        ({"const": "a"}, EnumOf(("a",))),
        ({"const": True}, BOOLEAN),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, OptionalOf(STRING)),
        ({"oneOf": [{"type": "string"}, {}]}, JSON),
        ({"anyOf": [{"type": "null"}]}, JSON),
        ({"allOf": [{"type": "string"}, {"minLength": 1}]}, STRING),
        (
            {"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "integer"}}}]},
            Record("", {"a": OptionalOf(STRING), "b": OptionalOf(INTEGER)}),
        ),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, JSON),
        ({"x-baigong": "file", "type": "string"}, FILE),
        ({"type": "null"}, JSON),
        ({"type": "strange"}, JSON),
        ({"not": {"type": "string"}}, JSON),
        ({"$ref": "https://example.com/schema"}, JSON),
        ({"$ref": "#/$defs/nowhere"}, JSON),
        ({"anyOf": 3}, JSON),
        ({"allOf": {}}, JSON),
        ({"type": "array", "items": [{"type": "string"}]}, ListOf(JSON)),
        ({"type": "object", "properties": 3, "required": 4}, MapOf(JSON)),
        ({"enum": 3}, JSON),
    ],
)
def test_from_schema(schema: dict[str, Any], kind: Type) -> None:
    assert from_schema(schema) == kind


def test_references_are_followed_inside_the_document() -> None:
    schema = {
        "type": "object",
        "properties": {"a~/b": {"$ref": "#/$defs/Point"}, "c": {"$ref": "#/properties/d"}, "d": {"type": "integer"}},
        "required": ["a~/b", "c", "d"],
        "$defs": {"Point": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}},
    }
    point = Record("Point", {"x": NUMBER})
    assert from_schema(schema, "Line") == Record("Line", {"a~/b": point, "c": INTEGER, "d": INTEGER})


def test_recursion_ends_in_json() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#"}, "v": {"type": "string"}}}
    inner = Record("", {"next": OptionalOf(JSON), "v": OptionalOf(STRING)})
    assert from_schema(node) == Record("", {"next": OptionalOf(inner), "v": OptionalOf(STRING)})
    assert from_schema({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}) == JSON


def test_hostile_schemas_are_bounded() -> None:
    doubling: dict[str, Any] = {
        f"t{at}": {"type": "object", "properties": {key: {"$ref": f"#/$defs/t{at + 1}"} for key in "ab"}}
        for at in range(30)
    }
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(10_000):
        deep = {"type": "array", "items": deep}
    started = time.monotonic()
    assert from_schema({"$ref": "#/$defs/t0", "$defs": doubling}) == JSON
    assert extent(from_schema(deep)).depth <= 40
    assert time.monotonic() - started < 1
