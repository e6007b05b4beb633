from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.expressions import RESERVED, CheckProblem
from agents.expressions.parser import parse, simple_path


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("a", ["a"]),
        ("look.passages", ["look", "passages"]),
        ("a.for.as", ["a", "for", "as"]),
        ("a.b()", None),
        ("a[0]", None),
        ("a. b", None),
        ("a.", None),
        ("1", None),
        ("true", None),
        ("a.in", None),
        ("int", None),
        ("a.b\n", None),
        ("é", None),
        ("a" + ".b" * 40, None),
        ("a" * 3000, None),
    ],
)
def test_plain_reads_are_recognised(source: str, path: list[str] | None) -> None:
    assert simple_path(source) == path


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_names_are_no_plain_reads(name: str) -> None:
    assert simple_path(name) is None


@pytest.mark.parametrize(
    ("source", "message", "offset"),
    [
        ("", "it ends too early", 0),
        ("1 +", "it ends too early", 3),
        ("a b", "'b' is not expected here", 2),
        ("'abc", "a text in quotes is not closed", 0),
        ("a +\n 'abc", "a text in quotes is not closed", 5),
        ("a.in", "'in' is a word of the language; write .`in`", 2),
        ("for", "'for' is a reserved word", 0),
        ("a + 日", "'日' has no meaning here", 4),
        ("has(a)", "has() argument must be a field selection", 4),
        ("_bg0.x", "names that begin with _bg are reserved", 0),
        ("[1].map(_bg, 1)", "names that begin with _bg are reserved", 7),
        ("a\0b", "no text may hold", 1),
        ("a + \ud800", "no text may hold", 4),
    ],
)
def test_syntax_errors(source: str, message: str, offset: int) -> None:
    with pytest.raises(CheckProblem) as caught:
        parse(source)
    assert (caught.value.kind, caught.value.offset) == ("syntax", offset)
    assert message in caught.value.message


def test_messages_cannot_be_made() -> None:
    with pytest.raises(CheckProblem, match=r"cannot be made; write a map") as caught:
        parse("google.protobuf.Struct{}")
    assert caught.value.kind == "type"


BINDS = "cel.bind(a, x + x + x, " * 5 + "a" + ")" * 5
COSTLY = {
    "long": ("x" * 2001, "at most 2000 are allowed"),
    "parentheses": ("(" * 900 + "1" + ")" * 900, "nested too deep"),
    "lists": ("[" * 900 + "]" * 900, "nested too deep"),
    "open": ("(" * 2000, "nested too deep"),
    "selects": ("a" + ".b" * 900, "nested too deep"),
    "sums": ("a" + "+a" * 900, "nested too deep"),
    "many": ("[" + "1," * 700 + "1]", "parts; at most 500"),
    "choices": ("a ? b : " * 200 + "c", "nested"),
    "three loops": ("a.map(x, a.map(y, a.map(z, 1)))", "3 loops inside each other"),
    "bind in loops": ("a.all(x, a.exists(y, a.filter(z, true) == a))", "3 loops inside each other"),
    "optional maps": ("a.?b" + ".optMap(x, x)" * 100, "more than 4 optMap"),
    "doubling by bind": ("cel.bind(a, x+x+x+x, cel.bind(b, a+a+a+a, cel.bind(c, b+b+b+b, c+c)))", "100 times as large"),
    "shadowed": ("cel.bind(a, x+x+x+x+x, cel.bind(a, a+a+a+a+a, cel.bind(a, a+a+a+a+a, a)))", "100 times as large"),
    "doubling by loops": ("[x].map(a, a+a+a+a+a).map(a, a+a+a+a+a).map(a, a+a+a+a+a)", "100 times as large"),
    "replacing": ("x.replace('a', '" + "b" * 101 + "')", "100 times as large"),
    "inserting": ("x.replace('', 'bbbbbbbbbb').replace('', 'bbbbbbbbbb')", "100 times as large"),
    "unknown replacement": ("x.replace('a', y).replace('b', y).replace('c', y)" + ".replace('c', y)" * 9, "as large"),
    "joining": ("[x,x,x,x,x,x,x,x].join([x,x,x,x,x,x,x,x,x].join([x,x,x].join(x)))", "100 times as large"),
}


@pytest.mark.parametrize("name", COSTLY)
def test_costly_expressions_are_refused_quickly(name: str) -> None:
    source, message = COSTLY[name]
    started = time.monotonic()
    with pytest.raises(CheckProblem) as caught:
        parse(source)
    assert time.monotonic() - started < 0.5
    assert caught.value.kind == "cost"
    assert message in caught.value.message


@pytest.mark.parametrize(
    "source",
    [
        "a.map(x, b.map(y, x + y))",
        "a.filter(x, x > 1).filter(x, x > 2).filter(x, x > 3).map(x, x + 1).map(x, x + 1).map(x, x + 1)",
        "a.map(x, x).exists(x, b.exists(y, x == y))",
        "a.replace('a', 'b').replace('c', 'd').replace('e', 'f').replace('g', 'h').replace('i', 'j').trim()",
        "'a' + b + 'c' + d + 'e' + f + 'g' + h + 'i' + j + 'k' + l + 'm' + n + 'o' + p + 'q' + r + 's' + t",
        "a.?b.optMap(x, x + 1).optMap(x, x + 1).orValue(0)",
        "cel.bind(t, a + b, cel.bind(u, t + t, u + t))",
        "a ? b : c ? d : e ? f : g ? h : i",
        "[a, b, c].join(', ')",
        "a && b && c && d && e && f && g && h && i && j && k && l && m && n && o && p && q && r && s && t",
        "-----5",
    ],
)
def test_ordinary_expressions_are_allowed(source: str) -> None:
    parse(source)


PIECES = [
    "a",
    "1",
    ".b",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "'''",
    "+",
    "?",
    ":",
    ",",
    ".?",
    "map(",
    "has(",
    " ",
    "\\",
    "`",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_text_is_parsed_or_refused(source: str) -> None:
    try:
        parse(source)
    except CheckProblem as problem:
        assert 0 <= problem.offset <= len(source)
        assert problem.message
