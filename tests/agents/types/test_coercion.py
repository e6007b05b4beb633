from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import ValueMismatch
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
    coerce,
    union,
)

from .strategies import TYPES

PHOTO = {"id": "a1", "name": "p.png", "media_type": "image/png", "size": 3}
READING = Record("Reading", {"tag": STRING, "value": NUMBER, "note": OptionalOf(STRING)})


@pytest.mark.parametrize(
    ("value", "kind", "result"),
    [
        ("a", STRING, "a"),
        (3, INTEGER, 3),
        (3.0, INTEGER, 3),
        (3, NUMBER, 3.0),
        (3.5, NUMBER, 3.5),
        (True, BOOLEAN, True),
        ("2024-05-01T06:00:00+08:00", TIMESTAMP, "2024-04-30T22:00:00Z"),
        ("2h", DURATION, "2h"),
        ("low", EnumOf(("low", "high")), "low"),
        (None, OptionalOf(STRING), None),
        (1, OptionalOf(NUMBER), 1.0),
        ([1, 2], ListOf(NUMBER), [1.0, 2.0]),
        ({"a": 1}, MapOf(NUMBER), {"a": 1.0}),
        ({"a": [None, 1, 1.5, "x", {}]}, JSON, {"a": [None, 1, 1.5, "x", {}]}),
        (PHOTO, FILE, PHOTO),
        (PHOTO, IMAGE, PHOTO),
        ("NAME", SECRET, "NAME"),
        (3, union(STRING, NUMBER), 3.0),
        (3, union(NUMBER, INTEGER), 3),
        ("x", union(INTEGER, STRING), "x"),
        ({"tag": "P", "value": 1, "note": None}, READING, {"tag": "P", "value": 1.0}),
        ({"tag": "P", "value": 1, "extra": [1]}, READING, {"tag": "P", "value": 1.0, "extra": [1]}),
        ({"value": 1, "tag": "P"}, READING, {"tag": "P", "value": 1.0}),
    ],
)
def test_values_get_their_one_form(value: object, kind: Type, result: object) -> None:
    found = coerce(value, kind)
    assert json.dumps(found) == json.dumps(result)
    assert json.dumps(coerce(found, kind)) == json.dumps(result)


def deep(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (3, STRING, "x must be string, not the number 3"),
        ("3", INTEGER, "x must be integer, not '3'"),
        (3.5, INTEGER, "x must be integer, not the number 3.5"),
        (True, INTEGER, "x must be integer, not true"),
        (True, NUMBER, "x must be number, not true"),
        (1, BOOLEAN, "x must be boolean, not the number 1"),
        (2**63, INTEGER, "x must be integer"),
        (1e300, INTEGER, "x must be integer"),
        (10**400, NUMBER, "a number out of range"),
        (float("nan"), NUMBER, "x must be number"),
        (float("inf"), JSON, "x must be json"),
        (None, STRING, "x must be string, not null"),
        ("yesterday", TIMESTAMP, "x must be timestamp (RFC 3339)"),
        (5, TIMESTAMP, "x must be timestamp"),
        ("soon", DURATION, "x must be duration (as 90s or 2h)"),
        ("mid", EnumOf(("low", "high")), "x must be one of low, high, not 'mid'"),
        ({}, ListOf(STRING), "x must be list<string>, not an object"),
        ([], MapOf(STRING), "x must be map<string>, not a list"),
        ([1, "a"], ListOf(INTEGER), "x[1] must be integer, not 'a'"),
        ({"a": {"b": 1}}, MapOf(MapOf(STRING)), "x.a.b must be string"),
        ({1: "a"}, MapOf(STRING), "x must be a string as key"),
        ({"tag": "P"}, READING, "x lacks the field 'value' of Reading"),
        ({"tag": "P", "value": None}, READING, "x.value must be number, not null"),
        ({"tag": "P", "value": 1, "extra": {1}}, READING, "x.extra must be json, not a set"),
        ([{"tag": "P", "value": "z"}], ListOf(READING), "x[0].value must be number, not 'z'"),
        ({**PHOTO, "media_type": "text/plain"}, IMAGE, "x.media_type must be the media type of an image"),
        ({"id": "a"}, FILE, "x lacks the field 'name' of file"),
        ("a", union(INTEGER, BOOLEAN), "x must be integer | boolean, not 'a'"),
        (b"a", JSON, "x must be json, not a bytes"),
        ("a\0b", STRING, "x holds a NUL character"),
        ({"a\0": 1}, JSON, "x holds a NUL character"),
        ("\ud800", JSON, "x is not valid Unicode"),
        (deep(65), JSON, "is nested deeper than 64"),
        ("a" * 200, INTEGER, "…"),
    ],
)
def test_mismatches_name_the_place(value: object, kind: Type, message: str) -> None:
    with pytest.raises(ValueMismatch) as caught:
        coerce(value, kind, "x")
    assert message in caught.value.message
    assert len(caught.value.message) < 200


def test_depth_64_is_allowed() -> None:
    assert coerce(deep(64), JSON) == deep(64)


def test_without_a_place_the_message_still_reads_well() -> None:
    with pytest.raises(ValueMismatch, match=r"the value must be string"):
        coerce(3, STRING)
    with pytest.raises(ValueMismatch, match=r"\[0\] must be string"):
        coerce([3], ListOf(STRING))


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=8,
)


@given(VALUES, TYPES, TYPES)
def test_coercion_is_stable_and_follows_assignment(value: object, kind: Type, wider: Type) -> None:
    try:
        found = coerce(value, kind)
    except ValueMismatch:
        return
    assert json.dumps(coerce(found, kind), sort_keys=True) == json.dumps(found, sort_keys=True)
    if assignable(kind, wider):
        coerce(found, wider)


def test_builtin_records() -> None:
    error = {"index": 1, "error": {"code": "BG703", "message": "no"}}
    assert coerce(error, BUILTINS["ItemError"]) == error
