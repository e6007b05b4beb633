from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.spec import parse_yaml, read_document
from runtime.base.errors import Json

from .samples import EXAMPLE, large


def codes(text: str) -> list[tuple[str, int | None, int | None]]:
    return [(item.code, item.line, item.column) for item in parse_yaml(text).diagnostics]


def test_the_example() -> None:
    parsed = parse_yaml(EXAMPLE)
    assert parsed.diagnostics == []
    assert isinstance(parsed.data, dict)
    assert list(parsed.data)[:3] == ["dsl", "app", "types"]
    assert parsed.data["budget"] == {
        "usd": 0.05,
        "tokens": 30000,
        "seconds": 120,
        "tool_calls": 12,
        "on_exceed": "stop",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("012", 12),
        ("1_000", "1_000"),
        ("0o17", 15),
        ("1:30", "1:30"),
        ("~", None),
        ("", None),
        ("2026-11-21", "2026-11-21"),
        ("2026-11-21 10:00:00", "2026-11-21 10:00:00"),
        ('"no"', "no"),
        ("'on'", "on"),
        ('"12"', "12"),
        ("|\n  yes\n", "yes\n"),
        (">\n  no\n", "no\n"),
        ("[]", []),
        ("{}", {}),
        ('"\\u6cf5\\/"', "泵/"),
    ],
)
def test_values_mean_what_yaml_1_2_says(text: str, value: Json) -> None:
    parsed = parse_yaml(f"a: {text}")
    assert parsed.diagnostics == []
    assert parsed.data == {"a": value}
    assert isinstance(parsed.data, dict)
    assert type(parsed.data["a"]) is type(value)


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "On", "OFF", "Yes", "NO"])
def test_old_booleans_are_refused_with_a_fix(word: str) -> None:
    parsed = parse_yaml(f"nodes: {{a: {{cache: {word}}}}}")
    [found] = parsed.diagnostics
    assert (found.code, found.path, found.node) == ("BG102", "/nodes/a/cache", "a")
    assert parsed.data == {"nodes": {"a": {"cache": word}}}
    assert found.fix is not None
    [op] = found.fix.ops
    assert (op.op, op.path, op.value) == ("set", "/nodes/a/cache", word.lower() in ("on", "yes"))
    assert f'"{word}"' in found.fix.en


def test_old_booleans_in_lists() -> None:
    [found] = parse_yaml("a: [x, no]").diagnostics
    assert (found.path, found.column) == ("/a/1", 8)


@pytest.mark.parametrize("word", ["on", "Yes", "no"])
def test_keys_that_were_booleans_are_refused(word: str) -> None:
    [found] = parse_yaml(f"{word}: 1").diagnostics
    assert (found.code, found.path, found.line, found.column) == ("BG102", f"/{word}", 1, 1)
    assert found.fix is not None
    assert found.fix.ops == ()


def test_longer_keys_and_quoted_words_are_fine() -> None:
    parsed = parse_yaml('on_error: fail\n"on": "yes"\nnone: 1\n')
    assert parsed.diagnostics == []
    assert parsed.data == {"on_error": "fail", "on": "yes", "none": 1}


def test_duplicate_keys() -> None:
    assert codes("a: 1\nb: {c: 1, c: 2}\na: 3\n") == [("BG107", 2, 11), ("BG107", 3, 1)]
    [inner, outer] = parse_yaml("a: 1\nb: {c: 1, c: 2}\na: 3\n").diagnostics
    assert (inner.path, outer.path) == ("/b/c", "/a")
    assert "in b" in inner.en
    assert "in app.yaml" in outer.en


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: &x 1", (1, 4)),
        ("a: {b: &x {}}", (1, 8)),
        ("a: *x", (1, 4)),
        ("<<: {a: 1}", (1, 1)),
        ("a: !!str 1", (1, 4)),
        ("a: !mine {}", (1, 4)),
        ("a: ! x", (1, 4)),
        ("!!map {a: 1}", (1, 1)),
        ("a: 1\n---\nb: 2", (2, 1)),
        ("%YAML 1.2\n---\na: 1", (1, 1)),
    ],
)
def test_features_that_are_not_allowed(text: str, place: tuple[int, int]) -> None:
    assert ("BG112", *place) in codes(text)


def test_one_explicit_document_is_fine() -> None:
    assert parse_yaml("---\na: 1\n...\n").data == {"a": 1}
    assert codes("---\na: 1\n...\n") == []


@pytest.mark.parametrize("key", ["1", "1.5", "true", "~", "0x1f", ".inf"])
def test_keys_are_texts(key: str) -> None:
    parsed = parse_yaml(f"{key}: 1")
    assert [item.code for item in parsed.diagnostics] == ["BG105"]
    assert parse_yaml(f'"{key}": 1').diagnostics == []


@pytest.mark.parametrize("text", ["? [a]\n: 1", "{a: 1}: 2", "[[a]: 1]"])
def test_keys_are_no_structures(text: str) -> None:
    parsed = parse_yaml(text)
    assert parsed.data is None
    assert [item.code for item in parsed.diagnostics] == ["BG105"]


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan", "1e999", "9007199254740992", "9" * 5000])
def test_numbers_that_programs_hold_differently(number: str) -> None:
    [found] = parse_yaml(f"a: {number}").diagnostics
    assert (found.code, found.path, found.column) == ("BG105", "/a", 4)


@pytest.mark.parametrize(
    ("text", "line", "column", "word"),
    [
        ("a: [1, 2", 1, 4, "bracket"),
        ("a: {b: 1", 1, 4, "bracket"),
        ("a: 'x", 1, 4, "quotation mark"),
        ("a: b: c", 1, 5, '": "'),
        ("a: 1\n\tb: 2", 2, 1, "tab"),
        ("a:\n\t- b", 2, 1, "tab"),
        ("a: @b", 1, 4, "'@'"),
        ("a: `b", 1, 4, "'`'"),
        ("a: [b c: d\ne: f", 2, 2, "comma"),
        ("a:\n  - x\n  y: z", 3, 3, "indentation"),
        ("a: b\nc", 2, 1, '": "'),
        ('a: "\\q"', 1, 5, "escape"),
        ('a: "\\ud800"', 1, 7, "escape"),
        ("a: \x07", 1, 4, "U+0007"),
        ("a: 1\nb: x\u2028y", 2, 5, "U+2028"),
        ("a: \ud800", 1, 4, "U+D800"),
        ("", 1, 1, "empty"),
        ("# only a comment\n", 1, 1, "empty"),
    ],
)
def test_syntax_errors_say_where_and_what(text: str, line: int, column: int, word: str) -> None:
    parsed = parse_yaml(text)
    assert parsed.data is None
    [found] = parsed.diagnostics
    assert (found.code, found.line, found.column) == ("BG101", line, column)
    assert word in found.en
    assert found.zh != found.en


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark(start: str, end: str) -> None:
    parsed = parse_yaml(start + end.join(["a: 1", "b:", "  - x", "c: |", "  1", "  2", ""]))
    assert parsed.diagnostics == []
    assert parsed.data == {"a": 1, "b": ["x"], "c": "1\n2\n"}
    assert parsed.positions.find("/b/0") == (3, 5)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 900_000,
        "- " * 400_000,
        "{a: " * 200_000,
        "a: " + "x" * 1_000_000,
        "[" + "a," * 60_000 + "]",
        "k" * 300 + ": 1",
    ],
)
def test_limits(text: str) -> None:
    started = time.perf_counter()
    parsed = parse_yaml(text)
    assert parsed.data is None
    assert [item.code for item in parsed.diagnostics] == ["BG111"]
    assert time.perf_counter() - started < 5


def test_the_deepest_nesting_that_is_allowed() -> None:
    assert codes("[" * 64 + "]" * 64) == []
    assert [code for code, _, _ in codes("[" * 65 + "]" * 65)] == ["BG111"]


def test_findings_are_limited() -> None:
    assert len(parse_yaml("a: [" + "yes, " * 5000 + "]").diagnostics) == 100


def test_other_files_keep_their_name() -> None:
    [found] = parse_yaml("a: on", file="kb/manuals.yaml").diagnostics
    assert (found.file, found.node) == ("kb/manuals.yaml", None)
    assert found.fix is not None
    assert found.fix.ops[0].file == "kb/manuals.yaml"


POSITIONS = """\
dsl: 1
nodes:
  read: {type: tool,
         in: {tag: P-101}}
  plan:
    tools:
      - a
      - - b
edges: [[read, plan]]
"""


@pytest.mark.parametrize(
    ("pointer", "value", "key"),
    [
        ("/dsl", (1, 6), (1, 1)),
        ("/nodes", (2, 1), (2, 1)),
        ("/nodes/read", (3, 3), (3, 3)),
        ("/nodes/read/type", (3, 16), (3, 10)),
        ("/nodes/read/in/tag", (4, 20), (4, 15)),
        ("/nodes/plan/tools/0", (7, 9), (7, 9)),
        ("/nodes/plan/tools/1/0", (8, 11), (8, 11)),
        ("/edges/0/1", (9, 16), (9, 16)),
        ("/nodes/read/missing/deeper", (3, 3), (3, 3)),
        ("/nowhere", (1, 1), (1, 1)),
        ("", (1, 1), (1, 1)),
    ],
)
def test_positions(pointer: str, value: tuple[int, int], key: tuple[int, int]) -> None:
    positions = parse_yaml(POSITIONS).positions
    assert positions.find(pointer) == value
    assert positions.find(pointer, key=True) == key


def test_pointers_escape_keys() -> None:
    parsed = parse_yaml('"a/b": {"c~d": 1}')
    assert parsed.positions.find("/a~1b/c~0d") == (1, 16)


@given(st.text(max_size=60) | st.text(alphabet="ab:{}[],-#'\"|>&*!%? \n\t", max_size=60))
def test_no_text_raises(text: str) -> None:
    parsed = parse_yaml(text)
    for item in parsed.diagnostics:
        assert item.line is not None
        assert item.line >= 1
    if not parsed.diagnostics:
        assert parsed.data is not None


def test_a_large_app_is_read_quickly() -> None:
    text = large(300)
    started = time.perf_counter()
    parsed = parse_yaml(text)
    document, found = read_document(parsed.data, parsed.positions)
    assert time.perf_counter() - started < 1
    assert found == []
    assert document is not None
    assert len(document.nodes) == 300
