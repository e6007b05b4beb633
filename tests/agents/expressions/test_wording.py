from __future__ import annotations

import pytest

from agents.expressions.wording import operator, reword_evaluation, reword_syntax, reword_types


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ("_+_", "+"),
        ("_&&_", "&&"),
        ("_?_:_", "? :"),
        ("@in", "in"),
        ("-_", "-"),
        ("size", "size"),
        ("math.@max", "math.greatest"),
    ],
)
def test_operators(function: str, text: str) -> None:
    assert operator(function) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(double, int)", "(number, integer)"),
        ("(list(int), map(string, list(_bg.M3)))", "(list<integer>, map<list<Reading>>)"),
        ("(optional_type(string), null_type)", "(optional<string>, null)"),
        ("(wrapper(bool), google.protobuf.Timestamp, dyn)", "(optional<boolean>, timestamp, json)"),
        ("(*error*, type(int))", "(…, type<integer>)"),
        (")(", ")("),
    ],
)
def test_types(text: str, words: str) -> None:
    assert reword_types(text, {"_bg.M3": "Reading"}.__getitem__) == words


def test_messages_that_are_not_known_stay() -> None:
    assert reword_syntax("Syntax error: something new expecting {'a'}") == "something new"
    assert reword_evaluation("INTERNAL: something new [INTERNAL]") == "something new"
    assert reword_evaluation("something: new") == "something: new"
