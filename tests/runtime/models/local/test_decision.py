from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from runtime.models.errors import ModelRefused
from runtime.models.local.decision import offered, read_decision
from runtime.models.local.grammar import compile_schema
from runtime.models.local.toolschema import decision_schema

NODE = {"$defs": {"unit": {"enum": ["bar", "K"]}}, "type": "object", "properties": {"u": {"$ref": "#/$defs/unit"}}}
READ: dict[str, Any] = {"type": "function", "function": {"name": "read", "parameters": NODE}}
STOP: dict[str, Any] = {"type": "function", "function": {"name": "stop"}}


@pytest.mark.parametrize(
    ("choice", "names", "must"),
    [
        (None, ["read", "stop"], False),
        ("auto", ["read", "stop"], False),
        ("none", [], False),
        ("any", ["read", "stop"], True),
        ("required", ["read", "stop"], True),
        ("stop", ["stop"], True),
        ({"type": "function", "function": {"name": "stop"}}, ["stop"], True),
    ],
)
def test_the_choice_of_tools(choice: object, names: list[str], must: bool) -> None:
    tools, needed = offered([READ, STOP], choice)
    assert ([tool["function"]["name"] for tool in tools], needed) == (names, must)


def test_a_tool_that_is_not_offered_cannot_be_chosen() -> None:
    with pytest.raises(ModelRefused, match="'fly'"):
        offered([READ], "fly")
    with pytest.raises(ModelRefused, match="'fly'"):
        offered([READ], {"type": "function", "function": {"name": "fly"}})
    with pytest.raises(ModelRefused, match="'required'"):
        offered([], "required")


@pytest.mark.parametrize(
    ("decision", "fits"),
    [
        ({"tool": "read", "arguments": {"u": "bar"}}, True),
        ({"tool": "read", "arguments": {"u": "mile"}}, False),
        ({"tool": "stop", "arguments": {}}, True),
        ({"tool": "fly", "arguments": {}}, False),
        ({"answer": {"u": "K"}}, True),
        ({"answer": {"u": "mile"}}, False),
    ],
)
def test_the_schema_of_a_decision_keeps_references(decision: object, fits: bool) -> None:
    schema = decision_schema([READ, STOP], NODE, must=False)
    validator: Any = Draft202012Validator(schema)
    assert validator.is_valid(decision) == fits
    assert r"\"bar\"" in compile_schema(schema).text


def test_a_tool_must_be_called_where_no_answer_is_allowed() -> None:
    assert "answer" not in compile_schema(decision_schema([STOP], None, must=True)).text


def test_decisions_are_read() -> None:
    call = read_decision('{"tool": "read", "arguments": {"u": "bar"}}')
    assert [(one["name"], one["args"]) for one in call.tool_calls] == [("read", {"u": "bar"})]
    assert read_decision('{"answer": "Yes."}').content == "Yes."
    assert read_decision('{"answer": {"u": "泵"}}').content == '{"u": "泵"}'
