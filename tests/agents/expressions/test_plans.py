from __future__ import annotations

import pytest

from agents.expressions.codec import decode, encode
from agents.expressions.library import evaluate, load, parse_source
from agents.expressions.parser import parse
from agents.expressions.plans import Choice, Each, Fixed, Let, Path, Series, Table, Task, plan
from agents.expressions.results import plain, settle

from .test_checking import TYPED, WIDENED
from .test_evaluation import ABSENT, RESULTS
from .test_references import READS
from .world import CHECKER, EVALUATOR, VALUES

MOMENTS = ("at", "span", "timestamp", "duration")


def _comparable(source: str) -> bool:
    # The library alone does not know which texts are timestamps.
    return not any(f".{word}" in source or f"{word}(" in source for word in MOMENTS)


@pytest.mark.parametrize("source", sorted(one for one in {*RESULTS, *TYPED, *WIDENED} - ABSENT if _comparable(one)))
def test_our_loops_give_what_the_library_gives(source: str) -> None:
    text = CHECKER.check(source).source
    alone = load(encode(parse(text).root))
    expected = plain(settle(evaluate(alone, {**VALUES, "maybe": None}, guarded=True)))
    found = EVALUATOR.evaluate(source, VALUES)
    if "map.map(" in text or "js.map(" in text or "}.map(" in text or "map.filter(" in text:
        assert isinstance(expected, list)
        assert isinstance(found, list)
        assert sorted(map(str, found)) == sorted(map(str, expected))
    else:
        assert found == expected


@pytest.mark.parametrize("source", sorted({*RESULTS, *TYPED, *READS}))
def test_trees_survive_their_encoding(source: str) -> None:
    tree = decode(parse_source(source))
    assert decode(encode(tree.root)).root == tree.root


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("a.b", Path),
        ("(a.b)", Path),
        ("1", Fixed),
        ("'a'", Fixed),
        ("a ? b : c", Choice),
        ("[a, b]", Series),
        ("{'a': b}", Table),
        ("{?'a': b.?c}", Task),
        ("{a: b}", Task),
        ("a.map(x, x)", Each),
        ("a.filter(x, x)", Each),
        ("a.exists(x, x)", Task),
        ("a.exists_one(x, x)", Task),
        ("cel.bind(x, a, x.map(y, y))", Let),
        ("cel.bind(x, a, x + x)", Task),
        ("a + b", Task),
        ("has(a.b)", Task),
    ],
)
def test_who_does_what(source: str, kind: type) -> None:
    assert isinstance(plan(source), kind)


def test_the_library_is_given_only_what_is_read() -> None:
    found = plan("a.b.c + a.b.d.e + f + a.g.map(x, x.y + 1).size()")
    assert isinstance(found, Task)
    assert found.reads == {"a": {"b": {"c": ("a", "b", "c"), "d": {"e": ("a", "b", "d", "e")}}}, "f": ("f",)}
    (loop,) = found.before.values()
    assert isinstance(loop, Each)
    assert loop.over == Path(("a", "g"))
    assert isinstance(loop.item, Task)
    assert loop.item.reads == {"x": {"y": ("x", "y")}}


def test_a_value_that_is_read_as_a_whole_covers_its_fields() -> None:
    found = plan("a.b.c + size(a.b) + size(a)")
    assert isinstance(found, Task)
    assert found.reads == {"a": ("a",)}
