from __future__ import annotations

from typing import Any

import pytest

from runtime.base.errors import Json
from runtime.models.errors import SchemaUnsupported
from runtime.models.local.grammar import compile_schema


def test_keys_keep_their_order_and_text_is_escaped() -> None:
    text = compile_schema(
        {
            "type": "object",
            "properties": {"b": {"const": 'a "quote"'}, "a": {"type": "boolean"}},
            "required": ["b", "a"],
        }
    ).text
    rules = dict(line.split(" ::= ") for line in text.splitlines())
    first, second = rules[rules["root"].split()[1]].split()
    assert r'"\"b\""' in rules[first]
    assert r'"\"a\""' in rules[rules[second].split()[-1]]
    assert r'"\"a \\\"quote\\\"\""' in text


@pytest.mark.parametrize(("thought", "first"), [({"type": "string"}, "thought"), ({"type": "integer"}, "answer")])
def test_a_thought_is_written_before_the_answer(thought: Json, first: str) -> None:
    properties: Json = {"answer": {"type": "boolean"}, "thought": thought}
    text = compile_schema({"type": "object", "properties": properties, "required": ["answer", "thought"]}).text
    rules = dict(line.split(" ::= ") for line in text.splitlines())
    entry = rules[rules["root"].split()[1]].split()[0]
    assert first in rules[entry]


def test_what_no_grammar_can_hold_is_named() -> None:
    found = compile_schema({"type": "object", "properties": {"a": {"type": "string", "pattern": "^x"}}})
    assert found.unenforced == ("/properties/a/pattern",)


def test_the_reserve_grows_with_what_must_be_written() -> None:
    names: list[Json] = [f"key_{number}" for number in range(10)]
    properties: Json = {str(name): {"type": "string"} for name in names}
    free = compile_schema({"type": "object", "properties": properties})
    bound = compile_schema({"type": "object", "properties": properties, "required": names})
    assert free.reserve < bound.reserve < 100


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "number", "enum": []},
        {"type": "flight"},
        {"$ref": "https://a.example/schema"},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "#"},
        {"type": "object", "properties": {}, "required": ["a"]},
        {"type": "string", "minLength": 5, "maxLength": 2},
        {"type": "array", "minItems": -1},
        False,
    ],
)
def test_schemas_without_a_grammar_are_refused(schema: dict[str, Any] | bool) -> None:
    with pytest.raises(SchemaUnsupported, match="BG845") as caught:
        compile_schema(schema)
    assert caught.value.where


def test_recursion_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    assert compile_schema(node).text.count("next") == 3
