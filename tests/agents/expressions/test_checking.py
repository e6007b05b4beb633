from __future__ import annotations

import time

import pytest

from agents.expressions import Checker, CheckProblem
from agents.types import BUILTINS, NUMBER, STRING, ListOf, MapOf, Record

from .world import CHECKER, ROOTS, problem

TYPED = {
    # plain reads keep the exact type
    "look.passages": "list<Passage>",
    "read.level": '"low" | "high"',
    "mix.union": "string | integer",
    "mix.nested": "list<list<string>>",
    "mix.holes": "list<optional<string>>",
    "mix.js.anything.at.all": "json",
    "mix.map.any": "number",
    "plan.answer": "string",
    "maybe": "optional<string>",
    "inputs.photo.name": "string",
    "read.result.at": "timestamp",
    "row": "string",
    # fields inside lists and maps
    "look.passages[0]": "Passage",
    "look.passages[0].text": "string",
    "mix.nested[0][0]": "string",
    "mix.holes[0]": "optional<string>",
    "mix.maps[0].q": "integer",
    "mix.map['q']": "number",
    "read.files[0].size": "integer",
    "odd['foo-bar']": "string",
    "odd.`foo-bar` + odd.`in`": "string",
    "mix.fooBar + string(mix.foo_bar)": "string",
    "js[0].x": "json",
    "look // the node\n.text + ''": "string",
    " look . passages [0] . text ": "string",
    # macros
    "look.passages.map(p, p.text)": "list<string>",
    "look.passages.filter(p, p.?page.orValue(0) == 3)": "list<Passage>",
    "rows.map(r, r.ok, r.value)": "list<number>",
    "rows.map(r, rows.map(q, q.value + r.value))": "list<list<number>>",
    "rows.exists(r, r.tag == 'A') && rows.all(r, r.ok) || rows.exists_one(r, r.n == 1)": "boolean",
    "rows.map(r, {'tag': r.tag, 'v': r.value})": "list<{tag: string, v: number}>",
    "mix.map.map(k, mix.map[k])": "list<number>",
    "mix.nested.map(x, x[0])": "list<string>",
    "mix.records.filter(r, r != null).map(r, r.tag)": "list<string>",
    "mix.holes.filter(h, h != null)": "list<optional<string>>",
    "js.map(x, x)": "list<json>",
    "cel.bind(r, read.result, {'a': r, 'b': [r.at]})": "{a: Reading, b: list<timestamp>}",
    "rows.map(row, row.tag)": "list<string>",
    # what may be absent
    "plan.?answer.orValue('')": "string",
    "plan.?answer.orValue(null)": "optional<string>",
    "plan.?steps.orValue([])": "list<Step>",
    "plan.?steps[0].?detail.orValue('')": "string",
    "has(plan.answer) ? plan.answer : 'none'": "string",
    "has(plan.answer) && plan.answer.size() > 3": "boolean",
    "read.result.ok ? read.result.tag : null": "optional<string>",
    "read.result.ok ? null : [1]": "optional<list<integer>>",
    "plan.?answer.optMap(a, a.size()).orValue(0)": "integer",
    "plan.?answer.or(read.result.?note).orValue('')": "string",
    "[?plan.?answer]": "list<string>",
    "{'a': 1, ?'b': plan.?answer}": "{a: integer, b: optional<string>}",
    "maybe == null": "boolean",
    "maybe == null ? '' : maybe": "string",
    "maybe != null ? maybe : ''": "string",
    # literals
    "[]": "list<never>",
    "{}": "map<never>",
    "null": "optional<never>",
    "[1, 2.5]": "list<number>",
    "[1, 'a']": "list<json>",
    "{'a': 1}": "{a: integer}",
    "{'a': {'b': []}}": "{a: {b: list<never>}}",
    "{read.result.tag: 1}": "map<integer>",
    "read.result.ok ? rows : []": "list<Reading>",
    "rows + []": "list<Reading>",
    "rows + js": "list<json>",
    "js + []": "list<json>",
    "js + 1": "integer",
    "read.result.ok ? read.level : 'none'": "string",
    "read.result.ok ? read.level : read.level": '"low" | "high"',
    # functions
    "size(rows) + rows.size()": "integer",
    "math.greatest(read.result.value, 1)": "number",
    "math.greatest([1, 2])": "integer",
    "read.result.tag.lowerAscii().split('-')": "list<string>",
    "'%s %d'.format([row, 3])": "string",
    "read.result.at + read.result.span": "timestamp",
    "read.result.at - read.result.at": "duration",
    "read.result.at > timestamp('2024-01-01T00:00:00Z')": "boolean",
    "string(read.result.value) + row": "string",
    "double(read.result.n) * read.result.value": "number",
    "js[0] > 3": "boolean",
    "type(js) == list": "boolean",
}


@pytest.mark.parametrize("source", TYPED)
def test_types(source: str) -> None:
    assert str(CHECKER.check(source).type) == TYPED[source]


WIDENED = {
    "read.result.value > 7": "read.result.value > 7.0",
    "7 < read.result.value": "7.0 < read.result.value",
    "read.result.value == 0x10": "read.result.value == 16.0",
    "read.result.value - -3": "read.result.value - -3.0",
    "-read.result.value + 1 + 2": "-read.result.value + 1.0 + 2.0",
    "read.result.value * (1 + 2) / 3": "read.result.value * (1.0 + 2.0) / 3.0",
    "read.result.value in [1, 2, 3.5]": None,
    "read.result.value in [1, 2]": "read.result.value in [1.0, 2.0]",
    "rows.exists(r, r.value > 7 && r.n > 7)": "rows.exists(r, r.value > 7.0 && r.n > 7)",
    "read.result.?value.orValue(0)": "read.result.?value.orValue(0.0)",
    "read.result.ok ? read.result.value : 0": "read.result.ok ? read.result.value : 0.0",
    "read.result.value > (read.result.ok ? 1 : 2)": "read.result.value > (read.result.ok ? 1.0 : 2.0)",
    "cel.bind(v, read.result.value, v > 7)": "cel.bind(v, read.result.value, v > 7.0)",
    "'7' == '日' || read.result.value > 7": "'7' == '日' || read.result.value > 7.0",
    "read.result.tag == '7' &&\n  read.result.value > 7": "read.result.tag == '7' &&\n  read.result.value > 7.0",
    "1 > 2.5": "1.0 > 2.5",
    "read.result.n > 7": None,
    "read.result.value > 7 ? read.result.tag : null": "read.result.value > 7.0 ? read.result.tag : dyn(null)",
}


@pytest.mark.parametrize("source", WIDENED)
def test_literals_beside_numbers_become_numbers(source: str) -> None:
    checked = CHECKER.check(source)
    assert checked.source == (WIDENED[source] or source)
    assert CHECKER.check(checked.source) == checked


PROBLEMS: list[tuple[str, str, str, int]] = [
    ("nope", "unknown_name", "there is no 'nope'", 0),
    ("1 + nope.x", "unknown_name", "there is no 'nope'", 4),
    ("lok.passages", "unknown_name", "did you mean 'look'?", 0),
    ("look.passage", "unknown_name", "'look' has no 'passage'; did you mean 'passages'?", 5),
    ("size(look.passage) > 1", "unknown_name", "did you mean 'passages'?", 10),
    ("has(look.passage)", "unknown_name", "did you mean 'passages'?", 9),
    ("look.?passage.orValue([])", "unknown_name", "did you mean 'passages'?", 6),
    ("rows.map(r, r.valu)", "unknown_name", "Reading has no 'valu'; did you mean 'value'?", 13),
    ("read.files[0].nam", "unknown_name", "did you mean 'name'?", 13),
    ("foo(1)", "unknown_name", "there is no function 'foo'", 3),
    ("row.shout()", "unknown_name", "there is no function 'shout'", 9),
    ("rows.tag", "type", "read an item of it, as rows[0].tag", 5),
    ("row.x", "type", "'row' is string and has no field 'x'", 4),
    ("rows[0].tag.x", "type", "string has no fields", 11),
    ("row.map(x, x)", "type", "string has no items", 0),
    ("row + 1", "type", "'+' does not work on (string, integer); convert with string(…)", 4),
    ("rows > 1", "type", "'>' does not work on (list<Reading>, integer)", 5),
    ("row ? 1 : 2", "type", "'? :' does not work on (string, integer, integer)", 4),
    ("true ? 1 : 'a'", "type", "two values of one type", 5),
    ("read.result.note == null", "type", "ask has(…)", 17),
    ("plan.?answer + 'a'", "type", "append .orValue(…)", 13),
    ("read.result.value * read.result.n", "mixed", "write double(…) around the integer", 18),
    ("read.result.n / 2.0", "mixed", "(integer, number)", 14),
    ("rows.map(r, r.value + r.n)", "mixed", "mixes an integer with a number", 20),
    ("read.result.value % 2", "type", "'%' does not work on (number, number)", 18),
    ("plan.?answer", "absent", "append .orValue(…)", 4),
    ("optional.none()", "absent", "append .orValue(…)", 13),
    ("[row, plan.?answer]", "absent", "append .orValue(…)", 10),
    ("[1, plan.?answer]", "absent", "append .orValue(…)", 8),
    ("{'a': 1, 'b': plan.?answer}", "absent", "append .orValue(…)", 18),
    ("[dyn(plan.?answer)]", "absent", "append .orValue(…)", 9),
    ("[plan].map(p, [p.?answer])", "absent", "append .orValue(…)", 16),
    ("1u", "type", "an unsigned integer", 0),
    ("b'x'", "type", "bytes", 0),
    ("[b'x']", "type", "bytes", 0),
    ("type(1)", "type", "a type", 4),
    ("{1: 'a'}", "type", "keys are not strings", 0),
    ("inputs.key", "type", "holds a secret", 0),
    ("inputs", "type", "holds a secret", 0),
    ("'x' + inputs.key", "type", "holds a secret", 6),
    ("has(inputs.key)", "type", "holds a secret", 4),
    ("1 +", "syntax", "it ends too early", 3),
    ("(" * 100, "cost", "nested too deep", 0),
]


@pytest.mark.parametrize(("source", "kind", "message", "offset"), PROBLEMS, ids=[one[0][:40] for one in PROBLEMS])
def test_problems(source: str, kind: str, message: str, offset: int) -> None:
    found = problem(source)
    assert (found.kind, found.offset) == (kind, offset)
    assert message in found.message
    assert "_bg" not in found.message


def test_unknown_names_come_with_what_is_known() -> None:
    assert problem("lok").name == "lok"
    assert problem("lok").known == tuple(ROOTS)
    found = problem("rows.map(r, r.valu)")
    assert found.name == "valu"
    assert "value" in found.known


def test_a_photo_may_be_read_beside_a_secret() -> None:
    assert CHECKER.check("has(inputs.photo) ? inputs.photo.name : inputs.question").type == STRING


def test_checkers_do_not_see_each_others_names() -> None:
    other = Checker({"only": ListOf(Record("Reading", {"tag": NUMBER}))})
    assert other.check("only[0].tag + 1").type == NUMBER
    assert CHECKER.check("rows[0].tag + 'x'").type == STRING
    with pytest.raises(CheckProblem, match="there is no 'rows'"):
        other.check("rows")
    with pytest.raises(CheckProblem, match="has no 'value'"):
        other.check("only.map(o, o.value)")


def test_fields_that_protobuf_cannot_name_are_still_checked_in_part() -> None:
    strange = Record("S", {"a": MapOf(STRING), "AEntry": STRING, "b c": NUMBER, "ok": STRING})
    checker = Checker({"s": strange, "t": Record("T", {"inner": strange, "list": ListOf(strange)})})
    assert checker.check("s.ok + t.inner.ok + t.list[0].ok").type == STRING
    assert checker.check("t.list.map(x, x['b c'])").type == ListOf(NUMBER)
    with pytest.raises(CheckProblem, match="has no 'nope'"):
        checker.check("s.nope + 'a'")


def test_a_graph_of_300_nodes_is_checked_in_little_time() -> None:
    roots = {f"n{at}": Record(f"n{at}", {"text": STRING, "usage": BUILTINS["Usage"]}) for at in range(300)}
    checker = Checker(roots)
    checker.check("n0.text + 'warm'")
    started = time.process_time()
    for name in roots:
        checker.check(f"{name}.text")
        checker.check(f"{name}.usage.tokens > 100")
    assert time.process_time() - started < 0.5
