from __future__ import annotations

import pytest

from agents.expressions import CheckProblem, Reference, references

READS: dict[str, list[str]] = {
    # a "?" marks an optional read
    "look.passages[0].text": ["look.passages"],
    "look": ["look"],
    "a[b.c].d": ["a", "b.c"],
    "a['x'].y": ["a"],
    "a.f().g": ["a"],
    "a.`x-y`.z": ["a.x-y.z"],
    ".a.b": ["a.b"],
    " a . b ": ["a.b"],
    "a.b + a.b.c": ["a.b", "a.b.c"],
    "'%s'.format([a.x])": ["a.x"],
    "{'k': a.b, c.d: 1}": ["a.b", "c.d"],
    # optional reads
    "look.?answer.orValue('')": ["look.answer?"],
    "plan.data.?note.orValue(1)": ["plan.data", "plan.data.note?"],
    "plan.?a.b[c.d].?e": ["plan.a.b?", "c.d"],
    "a.x + a.?x.orValue(1)": ["a.x"],
    "[?a.?x]": ["a.x?"],
    "a[?'x'].orValue(1)": ["a"],
    "a.?x.optMap(v, v + b.y).orValue(1)": ["a.x?", "b.y"],
    # guards
    "has(plan.answer)": ["plan.answer?"],
    "has(plan.answer) ? plan.answer : x.y": ["plan.answer?", "x.y"],
    "has(plan.answer) ? x.y : plan.answer": ["plan.answer", "x.y"],
    "!has(plan.answer) ? x.y : plan.answer": ["plan.answer?", "x.y"],
    "has(a.b) && a.b.c > 1": ["a.b?", "a.b.c?"],
    "a.b.c > 1 && has(a.b)": ["a.b.c?", "a.b?"],
    "!has(a.b) || a.b == 1": ["a.b?"],
    "has(a.b) || a.b == 1": ["a.b"],
    "has(a.b) && has(a.c) ? a.b + a.c : 1": ["a.b?", "a.c?"],
    "has(a.b) || has(a.c) ? a.b : 1": ["a.b", "a.c?"],
    "!(has(a.b) && x.y) ? 1 : a.b": ["a.b?", "x.y"],
    "has(a.b) ? (c ? a.b.d : a.e) : 1": ["a.b?", "c", "a.b.d?", "a.e"],
    "has(a.b) ? xs.map(x, a.b + x) : []": ["a.b?", "xs"],
    "has(a.b.c) ? a.b.c : a.b.d": ["a.b", "a.b.c?", "a.b.d"],
    "a.?b.hasValue() ? a.b : 1": ["a.b?"],
    "has(a.b) ? a.b : a.b": ["a.b"],
    "has(a[0].b) ? a[0].b : 1": ["a"],
    # names that macros bind
    "xs.p.map(x, x.y + z.q)": ["xs.p", "z.q"],
    "xs.exists(xs, xs.a)": ["xs"],
    "xs.all(x, ys.all(y, x.a == y.a && z))": ["xs", "ys", "z"],
    "xs.map(x, x.a) + [x.a]": ["xs", "x.a"],
    "xs.map(x, .x.a)": ["xs", "x.a"],
    "cel.bind(t, look.q, t + t + look.r)": ["look.q", "look.r"],
    "cel.bind(t, t.q, t)": ["t.q"],
    "xs.map(x, has(x.b) ? x.b : b)": ["xs", "b"],
    "xs.exists(x, has(x.b)) ? x.b : 1": ["xs", "x.b"],
    # names that are no roots
    "math.ceil(a.x)": ["a.x"],
    "optional.of(a.x).orValue(1)": ["a.x"],
    "strings.quote(a)": ["a"],
    "type(a) == int": ["a"],
    "size(a)": ["a"],
    "1 + 2": [],
    "'a.b'": [],
}


@pytest.mark.parametrize("source", READS)
def test_reads(source: str) -> None:
    found = [".".join((one.root, *one.path)) + ("?" if one.optional else "") for one in references(source)]
    assert sorted(found) == sorted(READS[source])


def test_offsets_point_at_the_first_read() -> None:
    source = "'日本' + a.b + c.d + a.b"
    assert [(one.root, one.offset) for one in references(source)] == [("a", 7), ("c", 13)]


def test_references_are_values() -> None:
    assert references("a.b") == (Reference("a", ("b",)),)
    assert references("(a.b)") == (Reference("a", ("b",), offset=1),)


@pytest.mark.parametrize(("source", "kind"), [("1 +", "syntax"), ("a.in", "syntax"), ("(" * 100, "cost")])
def test_what_cannot_be_read_is_reported(source: str, kind: str) -> None:
    with pytest.raises(CheckProblem) as caught:
        references(source)
    assert caught.value.kind == kind
