from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.expressions import (
    Binding,
    Expr,
    ExpressionSyntaxError,
    ListBinding,
    Literal,
    MapBinding,
    TextOf,
    bare,
    expressions,
    parse_text,
    parse_value,
)


@pytest.mark.parametrize(
    ("value", "binding"),
    [
        ("plain", Literal("plain")),
        (3, Literal(3)),
        (None, Literal(None)),
        ("", Literal("")),
        ("${a.b}", Expr("a.b")),
        ("${ a.b }", Expr("a.b")),
        ("x ${a} y ${b}", TextOf(("x ", Expr("a"), " y ", Expr("b")))),
        ("${a}${b}", TextOf((Expr("a"), Expr("b")))),
        ("${a}\n", TextOf((Expr("a"), "\n"))),
        ("$${a}", Literal("${a}")),
        ("$${a} ${b}", TextOf(("${a} ", Expr("b")))),
        ("$$${a}", Literal("$${a}")),
        ("costs 5$ {a}", Literal("costs 5$ {a}")),
        ("${a}$", TextOf((Expr("a"), "$"))),
        ("价格 ${价}", TextOf(("价格 ", Expr("价")))),
        ({"a": [1, "${b}"], "c": "d"}, MapBinding({"a": ListBinding((Literal(1), Expr("b"))), "c": Literal("d")})),
        ({"a": [1, "$${b}"]}, Literal({"a": [1, "${b}"]})),
        ([], Literal([])),
    ],
)
def test_values(value: object, binding: Binding) -> None:
    assert parse_value(value) == binding


@pytest.mark.parametrize(
    "source",
    [
        "'}'",
        '"}"',
        "'\\'}'",
        '"\\"}"',
        "'''a'}''b'''",
        '"""a"}""b"""',
        "r'\\'",
        'R"\\"',
        "b'}'",
        "rb'}\\'",
        "bR'''}\\'''",
        "{'a': {'b': 1}}['a']",
        "a.`x}y`",
        "a // }\n + b",
        "f({'k': [1, {'z': '}'}]})",
        "x == '//' ? y : z",
        "bar['x}']",
        "'日本}'",
    ],
)
def test_braces_inside_an_expression_do_not_close_it(source: str) -> None:
    assert parse_text(f"a ${{{source}}} z") == ("a ", Expr(source), " z")


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("${", "not closed with }", 0),
        ("ab ${c", "not closed with }", 3),
        ("${}", "is empty", 0),
        ("a ${  } b", "is empty", 2),
        ("${'a}", "a ' is not closed", 2),
        ('${"a\n"}', 'a " is not closed', 2),
        ("${`a}", "a ` is not closed", 2),
        ("${a // b}", "not closed with }", 0),
        ("${{a}", "not closed with }", 0),
        ("${'''a}", "a ' is not closed", 4),
    ],
)
def test_unclosed_expressions(text: str, message: str, offset: int) -> None:
    with pytest.raises(ExpressionSyntaxError, match=message) as caught:
        parse_value(text)
    assert (caught.value.offset, caught.value.text) == (offset, text)


def test_offsets_lead_to_the_source() -> None:
    text = "vibration ${ read.x } and ${'}' + y}"
    for part in parse_text(text):
        if isinstance(part, Expr):
            assert text[part.offset :].startswith(part.source)


@pytest.mark.parametrize("text", ["a.b > 1", " ${a.b > 1} ", "${ a.b > 1 }"])
def test_bare_expressions_may_stand_in_braces(text: str) -> None:
    assert bare(text) == Expr("a.b > 1")


@pytest.mark.parametrize("text", ["", "  ", "${a} > 1", "${a}${b}", "${"])
def test_bare_places_hold_one_expression(text: str) -> None:
    with pytest.raises(ExpressionSyntaxError):
        bare(text)


def test_expressions_are_listed_with_their_pointers() -> None:
    binding = parse_value({"a/b": ["${x}", {"c~": "t ${y} ${z}"}], "d": "none"})
    found = [(pointer, one.source, inside) for pointer, one, inside in expressions(binding)]
    assert found == [("/a~1b/0", "x", False), ("/a~1b/1/c~0", "y", True), ("/a~1b/1/c~0", "z", True)]
    assert [pointer for pointer, _, _ in expressions(parse_value("${x}"))] == [""]
    assert list(expressions(parse_value(5))) == []


@given(st.lists(st.text(alphabet="ab$ {\n'\"", max_size=6), max_size=4))
def test_what_is_escaped_comes_back(words: list[str]) -> None:
    text = "|".join(words)
    assert parse_value(text.replace("${", "$${")) in (Literal(text), Literal(text.replace("${", "$${")))


@given(st.text(alphabet="a$ {}'\"`\\/\nr.", max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parts = parse_text(text)
    except ExpressionSyntaxError as error:
        assert 0 <= error.offset <= len(text)
        return
    assert all(part if isinstance(part, str) else part.source for part in parts)


@pytest.mark.parametrize("text", ["${" * 50_000, "${'" + "\\" * 100_000, '${"""' + '"" ' * 50_000, "$" * 200_000])
def test_hostile_texts_end_quickly(text: str) -> None:
    started = time.monotonic()
    with contextlib.suppress(ExpressionSyntaxError):
        parse_value(text)
    assert time.monotonic() - started < 1


def test_nesting_is_bounded() -> None:
    value: object = "${a}"
    for _ in range(5000):
        value = [value]
    with pytest.raises(ExpressionSyntaxError, match="deeper than 64"):
        parse_value(value)
