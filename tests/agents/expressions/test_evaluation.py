from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents.errors import ExpressionError
from agents.expressions import Evaluator, parse_value
from agents.types import INTEGER, JSON, NUMBER, TIMESTAMP, ListOf, Record, coerce
from runtime.base.errors import Json

from .test_checking import TYPED
from .world import CHECKER, EVALUATOR, ROOTS, VALUES

RESULTS: dict[str, Json] = {
    # plain reads
    "look.text": "one two",
    "read.result.value": 7.5,
    "plan": {},
    "maybe": None,
    # computing
    "read.result.value > 7": True,
    "read.result.value + 1": 8.5,
    "state.tries + 1": 1,
    "7 / 2": 3,
    "rows.map(r, r.value)": [1.5, 9.5, 8.0],
    "rows.filter(r, r.value > 7 && r.ok).map(r, r.tag)": ["C"],
    "rows.map(r, r.ok, r.n * 10)": [10, 30],
    "rows.map(r, string(r.n)).join('-')": "1-2-3",
    "size(rows.filter(r, r.ok)) == 2 ? 'two' : 'other'": "two",
    "rows.map(r, rows.filter(q, q.n < r.n).map(q, q.tag))": [[], ["A"], ["A", "B"]],
    "{'z': row, 'a': [look.text]}": {"z": "pump", "a": ["one two"]},
    "rows.map(r, {'z': r.tag, 'a': r.n > 1})": [
        {"z": "A", "a": False},
        {"z": "B", "a": True},
        {"z": "C", "a": True},
    ],
    "rows.map(r, {'z': r.tag, 'a': r.n > 1})[1]": {"a": True, "z": "B"},
    "rows.exists(r, rows.filter(q, q.n > r.n).size() == 0)": True,
    "rows.exists_one(r, r.tag == 'B')": True,
    "cel.bind(big, rows.filter(r, r.n > 1), big.map(b, b.tag) + [string(big.size())])": ["B", "C", "2"],
    "rows.map(rows, rows.tag)": ["A", "B", "C"],
    "[1, 2, 3].map(x, x > 1 ? x : 0)": [0, 2, 3],
    "math.greatest(rows.map(r, r.n))": 3,
    "look.passages.map(p, p.?page.orValue(0))": [4, 0],
    "'%s scored %.2f'.format([look.passages[0].text, look.passages[0].score])": "one scored 0.50",
    "js[0] + 1": 2,
    "js[1].b": None,
    "has(js[1].b)": True,
    "mix.holes.filter(h, h != null)": ["a"],
    "mix.records.filter(r, r != null).map(r, r.tag)": ["Q"],
    "odd['foo-bar'] + odd.`in`": "dashword",
    "'日本'.size()": 2,
    # what is absent
    "has(plan.answer) ? plan.answer : 'none'": "none",
    "plan.?answer.orValue('none')": "none",
    "plan.?answer.orValue(null)": None,
    "has(plan.steps) ? plan.steps.map(s, s.title) : []": [],
    "has(plan.steps) && plan.steps.map(s, s.title).size() > 0": False,
    "plan.?steps.orValue([]).map(s, s.title)": [],
    "plan.?steps.optMap(s, s.map(t, t.title)).orValue(['-'])": ["-"],
    "{'a': 1, ?'b': plan.?answer}": {"a": 1},
    "[?plan.?answer, 'x']": ["x"],
    "maybe == null ? 'nothing' : maybe": "nothing",
    # moments
    "read.result.at": "2024-05-01T06:00:00Z",
    "read.result.at < timestamp('2024-05-01T06:00:01Z')": True,
    "[read.result.at]": ["2024-05-01T06:00:00Z"],
    "read.result.at + duration('90m')": "2024-05-01T07:30:00Z",
    "timestamp('2024-05-01T06:00:00.25+08:00')": "2024-04-30T22:00:00.25Z",
    "rows[1].at - rows[0].at": "86400s",
    "read.result.span": "2h",
    "read.result.span > duration('1h')": True,
    "[read.result.span, duration('-250ms')]": ["7200s", "-0.25s"],
    "rows.filter(r, r.at > read.result.at && r.span < read.result.span).map(r, r.at)": ["2024-05-03T00:00:00Z"],
    "rows.map(r, r.at + duration('1h')).filter(t, t > read.result.at)": [
        "2024-05-02T01:00:00Z",
        "2024-05-03T01:00:00Z",
    ],
    "rows.map(r, r.at + duration('1h'))[0] < read.result.at": True,
    "cel.bind(t, read.result.at, rows.filter(r, r.at > t).map(r, r.n))": [2, 3],
    "read.result.at.getFullYear()": 2024,
    # maps are gone through in the order of their keys
    "mix.map.map(k, k)": ["b", "q", "z"],
    "mix.map.filter(k, mix.map[k] > 1)": ["b", "q"],
    "mix.js.map(k, k)": ["a", "b", "z"],
    "{'z': 1, 'a': 2}.map(k, k)": ["a", "z"],
}


@pytest.mark.parametrize("source", RESULTS)
def test_results(source: str) -> None:
    found = EVALUATOR.evaluate(source, VALUES)
    assert json.dumps(found) == json.dumps(RESULTS[source])


ABSENT = {"js + 1", "plan.answer", "inputs.photo.name", "mix.js.anything.at.all", "mix.map.any", "js[0].x"}


@pytest.mark.parametrize("source", sorted(set(TYPED) - ABSENT))
def test_results_fit_the_checked_type(source: str) -> None:
    checked = CHECKER.check(source)
    found = EVALUATOR.evaluate(checked.source, VALUES)
    if "never" not in str(checked.type):
        assert coerce(found, checked.type) == found


FAILURES = {
    "plan.answer": "'plan' has no 'answer'",
    "plan.answer + 'x'": "there is no 'answer'",
    "look.text.x": "'look.text' has no fields",
    "nothing": "there is no 'nothing'",
    "nothing.x + 1": "there is no 'nothing'",
    "js[5]": "item 5 is outside a list of 3 (they count from 0)",
    "js[0].x": "no fields",
    "mix.js.nope": "'mix.js' has no 'nope'",
    "mix.js['nope']": "there is no 'nope'",
    "row + js[0]": "+ does not work on (string, integer)",
    "js[2] + 1": "+ does not work on (number, integer)",
    "1 / state.tries": "divide by zero",
    "1.0 / 0.0": "not a finite number",
    "9223372036854775807 + read.result.n": "integer overflow",
    "int(row)": "cannot convert string to int",
    "timestamp(row)": "the text is no timestamp",
    "duration('1w')": "the text is no duration",
    "row.matches('(')": "invalid regular expression",
    "row.charAt(50)": "charAt",
    "b'x'": "no type of the language",
    "type(1)": "no type of the language",
    "{1: 2}": "keys of a map must be strings",
    "{row: 1, row: 2}": "duplicate key",
    "plan.?answer": "append .orValue(…)",
    "optional.of(1)": "append .orValue(…)",
    "[plan.?answer]": "append .orValue(…)",
    "{'a': plan.?answer}": "append .orValue(…)",
    "cel.bind(x, row, {'a': plan.?answer})": "append .orValue(…)",
    "cel.bind(x, row, [[{'a': optional.none()}]])": "append .orValue(…)",
    "cel.bind(x, plan.?answer, {'a': x})": "append .orValue(…)",
    "cel.bind(x, [plan.?answer], {'a': x[0]})": "append .orValue(…)",
    "{'a': js.first()}": "append .orValue(…)",
    "{row: js.last()}": "append .orValue(…)",
    "rows.map(r, {row: r.?note})": "append .orValue(…)",
    "rows.map(r, r.note)": "has no 'note'",
    "rows.filter(r, r.note == 'x')": "there is no 'note'",
    "rows.map(r, 1 / (r.n - 1)).size()": "divide by zero",
    "js.map(x, x.b)": "has no fields",
    "js[0].map(x, x)": "it goes through something that has no items",
    "js.filter(x, 1)": "neither true nor false",
    "js[0] ? 1 : 2": "neither true nor false",
    "1 +": "it ends too early",
    "foo(1)": "foo",
}


@pytest.mark.parametrize("source", FAILURES)
def test_failures_are_readable(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        EVALUATOR.evaluate(source, VALUES)
    assert FAILURES[source] in caught.value.message
    assert repr(source) in caught.value.message
    assert caught.value.details == {"expression": source}
    assert "_bg" not in caught.value.message


def test_a_plain_read_is_the_value_itself() -> None:
    passages: Json = [{"text": "one"}]
    assert EVALUATOR.evaluate("look.passages", {"look": {"passages": passages}}) is passages


def test_integers_of_any_size_can_be_moved_but_not_computed_with() -> None:
    evaluator = Evaluator({"js": JSON})
    assert evaluator.evaluate("js", {"js": 2**70}) == 2**70
    with pytest.raises(ExpressionError, match="outside 64 bits"):
        evaluator.evaluate("js + 1", {"js": 2**70})


def test_results_are_bounded() -> None:
    deep: Json = 1
    for _ in range(66):
        deep = [deep]
    evaluator = Evaluator({"js": JSON})
    with pytest.raises(ExpressionError, match="deeper than 64"):
        evaluator.evaluate("[js]", {"js": deep})
    long: Json = list(range(100_001))
    with pytest.raises(ExpressionError, match="at most 100000"):
        evaluator.evaluate("[js][0]", {"js": long})
    with pytest.raises(ExpressionError, match="more than 100,000 items"):
        evaluator.evaluate("js.map(x, 1)", {"js": long})
    some: Json = list(range(400))
    with pytest.raises(ExpressionError, match="more than 100,000 items"):
        evaluator.evaluate("js.map(x, js.map(y, 1))", {"js": some})
    with pytest.raises(ExpressionError, match="more than 10,000 items"):
        evaluator.evaluate("js.all(x, js.all(y, true))", {"js": some})


def test_long_lists_take_linear_time() -> None:
    rows: Json = [{"a": at, "text": "t" * 50} for at in range(20_000)]
    evaluator = Evaluator({"rows": ListOf(Record("R", {"a": INTEGER}))})
    started = time.process_time()
    assert evaluator.evaluate("rows.filter(r, r.a >= 0).map(r, r.a * 2)", {"rows": rows}) == list(range(0, 40_000, 2))
    assert time.process_time() - started < 2


def test_texts_that_were_not_checked_are_widened_too() -> None:
    evaluator = Evaluator({"x": NUMBER, "at": TIMESTAMP})
    assert evaluator.evaluate("x * 2 + 1", {"x": 1.5}) == 4.0
    assert evaluator.evaluate("at > timestamp('2024-01-01T00:00:00Z')", {"at": "2024-05-01T00:00:00Z"}) is True


def test_values_of_another_form_are_handed_over_as_they_are() -> None:
    evaluator = Evaluator({"at": TIMESTAMP, "list": ListOf(TIMESTAMP), "r": Record("R", {"at": TIMESTAMP})})
    assert evaluator.evaluate("[at]", {"at": "soon"}) == ["soon"]
    assert evaluator.evaluate("[r]", {"r": 3}) == [3]


ORDER = """
import json, sys
from agents.expressions import Evaluator
from agents.types import JSON
js = {"js": {key: [1] for key in "qwertyuiop"}}
run = Evaluator({"js": JSON}).evaluate
print(json.dumps([run("js.map(k, k)", js), run("[js][0]", js), run("js.filter(k, true).join(',')", js)]))
"""


def test_order_does_not_differ_between_processes() -> None:
    root = Path(__file__).parents[3]
    runs = [subprocess.run([sys.executable, "-c", ORDER], cwd=root, capture_output=True, check=True) for _ in range(2)]
    keys = sorted("qwertyuiop")
    expected = json.dumps([keys, {key: [1] for key in keys}, ",".join(keys)])
    assert [run.stdout.decode().strip() for run in runs] == [expected, expected]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("${read.result.tag}: ${read.result.value} mm/s", "P-101: 7.5 mm/s"),
        ("${state.tries} ${7.0} ${7.1} ${true} ${false}", "0 7 7.1 true false"),
        ("${1e6} ${1234567.891} ${1e21} ${0.00001} ${1e-7} ${-0.0}", "1000000 1234567.891 1e+21 0.00001 1e-7 0"),
        ("${read.result.at} ${read.result.span} ${read.result.at - read.result.at}", "2024-05-01T06:00:00Z 2h 0s"),
        ("$${x} ${plan.?answer.orValue('none')}", "${x} none"),
    ],
)
def test_texts(template: str, text: str) -> None:
    assert EVALUATOR.render(parse_value(template), VALUES) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a ${maybe}", "it is null"),
        ("a ${rows}", "use a template"),
        ("a ${plan}", "use a template"),
        ("a ${1/0}", "zero"),
    ],
)
def test_texts_refuse_what_has_no_text(template: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        EVALUATOR.render(parse_value(template), VALUES)


def test_bindings_keep_their_shape() -> None:
    binding = parse_value({"a": "${read.result.n}", "b": ["x ${row}", 3, {"c": "${maybe}"}], "d": {"e": 1}})
    rendered = EVALUATOR.render(binding, VALUES)
    assert rendered == {"a": 2, "b": ["x pump", 3, {"c": None}], "d": {"e": 1}}


def test_an_evaluation_takes_microseconds() -> None:
    for source in ("read.result.value", "read.result.value > 7.0"):
        EVALUATOR.evaluate(source, VALUES)
        started = time.process_time()
        for _ in range(500):
            EVALUATOR.evaluate(source, VALUES)
        assert (time.process_time() - started) / 500 < 100e-6


def test_all_roots_have_values_or_may_be_absent() -> None:
    assert set(ROOTS) - set(VALUES) == {"maybe"}
