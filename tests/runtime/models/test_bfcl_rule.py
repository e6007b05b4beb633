"""The rule by which `benchmarks.bfcl` counts calls as right, and how it reads data and answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.bfcl import Mark, interval, parse
from benchmarks.bfcl_cases import FILES, Case, Gold, read, right, to_schema


def case(gold: Gold, required: tuple[str, ...] = (), **properties: dict[str, Any]) -> Case:
    rules = {"type": "dict", "properties": properties, "required": [*required]}
    function = {"name": "f", "description": "", "parameters": to_schema(rules)}
    return Case("one", [], [{"type": "function", "function": function}], "f", gold)


@pytest.mark.parametrize(
    ("kind", "accepted", "value", "good"),
    [
        ("string", ["New York, NY"], "new york NY", True),
        ("string", ["New York"], "New Jersey", False),
        ("string", ["it's"], 'it"s', True),
        ("string", ["5"], 5, False),
        ("float", [5.0], 5, True),
        ("integer", [5], 5, True),
        ("integer", [5], True, False),
        ("boolean", [True], True, True),
        ("boolean", [True], 1, False),
        ("array", [["a b", "c"]], ["A_B", "c"], True),
        ("array", [["a", "b"]], ["b", "a"], False),
        ("tuple", [[1.0, 2.0]], [1, 2], True),
        ("dict", [{"x": [1], "y": ["", 2]}], {"x": 1}, True),
        ("dict", [{"x": [1], "y": ["", 2]}], {"x": 1, "y": 3}, False),
        ("dict", [{"x": [1], "y": [2]}], {"x": 1}, False),
    ],
)
def test_values(kind: str, accepted: list[Any], value: object, good: bool) -> None:
    assert right(case({"p": accepted}, ("p",), p={"type": kind}), "f", {"p": value}) is good


def test_what_may_be_left_out() -> None:
    one = case({"p": [1], "q": ["", 2]}, ("p",), p={"type": "integer"}, q={"type": "integer"})
    assert right(one, "f", {"p": 1}) and right(one, "f", {"p": 1, "q": 2})
    assert not right(one, "f", {"p": 1, "q": 3})
    assert not right(one, "f", {"q": 2})
    assert not right(one, "f", {"p": 1, "r": 1})
    assert not right(one, "g", {"p": 1})


def test_an_optional_value_that_the_question_names_is_wanted() -> None:
    one = case({"q": [2]}, (), q={"type": "integer"})
    assert right(one, "f", {"q": 2}) and not right(one, "f", {})


def test_types_become_those_of_json_schema() -> None:
    rules = {"type": "dict", "properties": {"a": {"type": "tuple", "items": {"type": "float"}}, "b": {"type": "any"}}}
    assert to_schema(rules) == {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"type": "number"}}, "b": {}},
        "required": [],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('Sure: {"name": "f", "arguments": {"p": 1}} {"name": "g"}', ("f", {"p": 1})),
        ('```json\n{oh} {"name": "f", "arguments": {}}', ("f", {})),
        ('{"name": "f"}', None),
        ("nothing", None),
    ],
)
def test_a_plain_answer(text: str, said: object) -> None:
    assert parse(text) == said


def test_the_interval_is_paired() -> None:
    good, bad = (Mark(chosen=True, valid=True, right=right_, seconds=0) for right_ in (True, False))
    found = interval([good] * 30 + [bad] * 10, [good] * 10 + [bad] * 30, 0)
    assert found["points"] == 50 and 30 < found["from"] < 50 < found["to"] < 70


def test_the_data(test_data: Path) -> None:
    cases = [case for file in FILES for case in read(test_data / "bfcl", file)]
    assert len(cases) == 600
    assert all(case.schema(case.tool) for case in cases)
