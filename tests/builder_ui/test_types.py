"""The canvas knows which types fit by its own copy of the rules; one table holds both to the same answers."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

from agents.types import (
    BOOLEAN,
    FILE,
    IMAGE,
    INTEGER,
    JSON,
    NEVER,
    NUMBER,
    SECRET,
    STRING,
    EnumOf,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Type,
    assignable,
    describe,
    union,
)  # fmt: skip

TABLE = Path(__file__).parents[2] / "builder_ui" / "canvas" / "test" / "assignable.json"

ALARM = Record("Alarm", {"start": STRING, "score": NUMBER, "note": OptionalOf(STRING)})
KINDS: tuple[Type, ...] = (
    STRING, INTEGER, NUMBER, BOOLEAN, JSON, FILE, IMAGE, SECRET, NEVER, ListOf(INTEGER), ListOf(NUMBER), ListOf(NEVER),
    ListOf(ALARM), MapOf(STRING), MapOf(JSON), OptionalOf(INTEGER), OptionalOf(NUMBER), OptionalOf(ALARM), ALARM,
    Record("Bare", {"start": STRING, "score": INTEGER}), Record("Other", {"start": STRING}),
    Record("Safe", {"key": SECRET}), EnumOf(("en", "zh")), EnumOf(("en",)), union(STRING, INTEGER),
    union(STRING, NUMBER), ListOf(union(STRING, INTEGER)),
)  # fmt: skip


def table() -> list[list[object]]:
    return [[describe(one), describe(other), assignable(one, other)] for one, other in product(KINDS, KINDS)]


def test_the_canvas_is_tested_with_the_compilers_own_answers() -> None:
    lines = ",\n".join(json.dumps(row) for row in table())
    assert TABLE.read_text(encoding="utf-8") == f"[\n{lines}\n]\n"
