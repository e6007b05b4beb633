from __future__ import annotations

import pytest
from hypothesis import given

from agents.types import (
    BUILTINS,
    FILE,
    IMAGE,
    INTEGER,
    JSON,
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
    assignable,
    explain,
    extent,
    join,
    union,
)

from .strategies import TYPES

LEVEL = EnumOf(("low", "high"))
POINT = Record("Point", {"x": INTEGER, "label": OptionalOf(STRING)})
WIDE = Record("Wide", {"x": INTEGER, "y": INTEGER})
FLOAT = Record("Float", {"x": NUMBER})
LABELLED = Record("Labelled", {"x": INTEGER, "label": STRING})
BADLY = Record("Badly", {"x": INTEGER, "label": INTEGER})


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (INTEGER, NUMBER),
        (STRING, OptionalOf(STRING)),
        (INTEGER, OptionalOf(NUMBER)),
        (OptionalOf(INTEGER), OptionalOf(NUMBER)),
        (LEVEL, STRING),
        (LEVEL, EnumOf(("high", "low", "none"))),
        (IMAGE, FILE),
        (ListOf(INTEGER), ListOf(NUMBER)),
        (MapOf(INTEGER), MapOf(OptionalOf(NUMBER))),
        (STRING, union(INTEGER, STRING)),
        (union(INTEGER, NUMBER), NUMBER),
        (WIDE, POINT),
        (LABELLED, POINT),
        (POINT, FLOAT),
        (WIDE, MapOf(JSON)),
        (POINT, JSON),
        (OptionalOf(STRING), JSON),
        (FILE, JSON),
        (JSON, OptionalOf(JSON)),
        (ListOf(NEVER), ListOf(POINT)),
        (OptionalOf(NEVER), OptionalOf(STRING)),
        (SECRET, SECRET),
        (SECRET, OptionalOf(SECRET)),
    ],
)
def test_fits(source: Type, target: Type) -> None:
    assert assignable(source, target)
    assert explain(source, target) == ""


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        (NUMBER, INTEGER, "int(…)"),
        (INTEGER, STRING, "string(…)"),
        (STRING, INTEGER, "string is not integer"),
        (STRING, LEVEL, 'string is not "low" | "high"'),
        (EnumOf(("low", "mid")), LEVEL, "'mid' is not one of"),
        (OptionalOf(STRING), STRING, "it may be absent"),
        (JSON, STRING, "json may be anything"),
        (FILE, IMAGE, "file is not image"),
        (ListOf(STRING), ListOf(INTEGER), "of the items: string is not integer"),
        (union(INTEGER, STRING), INTEGER, "string does not fit integer"),
        (FLOAT, POINT, "x is number, not integer"),
        (Record("", {}), POINT, "it lacks x"),
        (BADLY, POINT, "label is integer, not optional<string>"),
        (POINT, LABELLED, "label is optional<string>, not string"),
        (MapOf(INTEGER), POINT, "map<integer> is not Point"),
        (SECRET, STRING, "a secret"),
        (SECRET, JSON, "a secret"),
        (Record("", {"key": SECRET}), JSON, "a secret"),
        (STRING, SECRET, "string is not secret"),
        (STRING, TIMESTAMP, "string is not timestamp"),
    ],
)
def test_does_not_fit(source: Type, target: Type, reason: str) -> None:
    assert not assignable(source, target)
    assert reason in explain(source, target)


@given(TYPES, TYPES)
def test_laws(one: Type, other: Type) -> None:
    assert assignable(one, one)
    assert assignable(one, JSON) is not extent(one).secret
    assert assignable(one, OptionalOf(one))
    assert bool(explain(one, other)) is not assignable(one, other)


@given(TYPES, TYPES)
def test_join_takes_both(one: Type, other: Type) -> None:
    if not extent(one).secret and not extent(other).secret:
        joined = join(one, other)
        assert assignable(one, joined)
        assert assignable(other, joined)


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        (INTEGER, NUMBER, NUMBER),
        (NEVER, STRING, STRING),
        (OptionalOf(NEVER), STRING, OptionalOf(STRING)),
        (ListOf(NEVER), ListOf(BUILTINS["Passage"]), ListOf(BUILTINS["Passage"])),
        (ListOf(OptionalOf(INTEGER)), ListOf(NUMBER), ListOf(OptionalOf(NUMBER))),
        (LEVEL, EnumOf(("none", "low")), EnumOf(("low", "high", "none"))),
        (LEVEL, STRING, STRING),
        (STRING, INTEGER, JSON),
    ],
)
def test_join_is_close(one: Type, other: Type, joined: Type) -> None:
    assert join(one, other) == joined
