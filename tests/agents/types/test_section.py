from __future__ import annotations

import time
from typing import Any

import pytest

from agents.types import BUILTINS, INTEGER, JSON, NUMBER, STRING, EnumOf, ListOf, OptionalOf, Record, parse_types


def test_records_may_name_each_other_in_any_order() -> None:
    types, errors = parse_types(
        {
            "Plant": {"pumps": "list<Pump>"},
            "Pump": {"tag": "string", "last": "optional<Reading>"},
            "Reading": {"v": "number"},
        }
    )
    assert errors == []
    reading = Record("Reading", {"v": NUMBER})
    pump = Record("Pump", {"tag": STRING, "last": OptionalOf(reading)})
    assert types["Plant"] == Record("Plant", {"pumps": ListOf(pump)})
    assert types["Passage"] == BUILTINS["Passage"]


def test_json_schema_form() -> None:
    schema = {"type": "object", "properties": {"level": {"enum": ["low", "high"]}}, "required": ["level"]}
    types, errors = parse_types({"Alarm": {"schema": schema}, "Log": {"alarms": "list<Alarm>", "schema": "string"}})
    assert errors == []
    alarm = Record("Alarm", {"level": EnumOf(("low", "high"))})
    assert types["Alarm"] == alarm
    assert types["Log"] == Record("Log", {"alarms": ListOf(alarm), "schema": STRING})


@pytest.mark.parametrize(
    ("section", "pointer", "message"),
    [
        ({"A": {"x": "strng"}}, "/A/x", "Did you mean 'string'?"),
        ({"A": {"x": "B"}, "B": {"y": "A"}}, "/B/y", "a type cannot contain itself: A → B → A"),
        ({"A": {"x": "list<optional<A>>"}}, "/A/x", "A → A"),
        ({"A": {"x": 3}}, "/A/x", "must be a text"),
        ({"A": {"x/y~": "nope"}}, "/A/x~1y~0", "there is no type 'nope'"),
        ({"string": {"x": "integer"}}, "/string", "a name of the language"),
        ({"Passage": {"x": "integer"}}, "/Passage", "a name of the language"),
        ({"a b": {"x": "integer"}}, "/a b", "is no name"),
        ({"A": {"schema": {"type": "object"}, "x": "string"}}, "/A/x", "beside a JSON Schema"),
    ],
)
def test_mistakes_are_placed(section: dict[str, Any], pointer: str, message: str) -> None:
    _, errors = parse_types(section)
    assert len(errors) == 1
    assert errors[0][0] == pointer
    assert message in str(errors[0][1])


def test_a_wrong_field_counts_as_json() -> None:
    types, _ = parse_types({"A": {"x": "strng", "n": "integer"}, "B": {"a": "A"}})
    assert types["B"] == Record("B", {"a": Record("A", {"x": JSON, "n": INTEGER})})


def test_types_that_explode_are_refused_quickly() -> None:
    doubling = {f"T{at}": {"l": f"T{at + 1}", "r": f"T{at + 1}"} for at in range(25)} | {"T25": {"x": "string"}}
    chain = {f"T{at}": {"x": f"T{at + 1}"} for at in range(500)} | {"T500": {"x": "string"}}
    backwards = dict(reversed(chain.items()))
    started = time.monotonic()
    for section in (doubling, chain, backwards):
        types, errors = parse_types(section)
        assert errors
        assert all(kind.extent.size <= 5000 for kind in types.values() if isinstance(kind, Record))
    assert time.monotonic() - started < 2
