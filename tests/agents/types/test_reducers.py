from __future__ import annotations

from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import ValueMismatch
from agents.spec.document import StateSpec
from agents.types import (
    BOOLEAN,
    COMMUTATIVE,
    INTEGER,
    JSON,
    NUMBER,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Type,
    reduce,
    reducible,
)
from runtime.base.errors import Json

REDUCERS = get_args(StateSpec.model_fields["reducer"].annotation)
WORKS: dict[str, list[Type]] = {
    "replace": [STRING, INTEGER, JSON, ListOf(STRING), BOOLEAN],
    "append": [ListOf(STRING), OptionalOf(ListOf(JSON))],
    "union": [ListOf(STRING)],
    "add": [INTEGER, NUMBER, OptionalOf(INTEGER)],
    "merge": [MapOf(STRING), JSON, Record("R", {"a": STRING})],
    "max": [INTEGER, NUMBER, TIMESTAMP],
    "min": [INTEGER, NUMBER, TIMESTAMP],
}


@pytest.mark.parametrize("reducer", REDUCERS)
def test_each_reducer_works_on_its_types_only(reducer: str) -> None:
    every = {kind for kinds in WORKS.values() for kind in kinds}
    assert {kind for kind in every if reducible(reducer, kind)} >= set(WORKS[reducer])
    assert reducible(reducer, BOOLEAN) is (reducer == "replace")


def test_unknown_reducers_work_on_nothing() -> None:
    assert not reducible("sum", INTEGER)
    with pytest.raises(ValueMismatch, match="'sum' does not work on 1 and 2"):
        reduce("sum", 1, 2)


@pytest.mark.parametrize(
    ("reducer", "old", "new", "result"),
    [
        ("replace", 1, None, None),
        ("append", None, "a", ["a"]),
        ("append", ["a"], ["b"], ["a", ["b"]]),
        ("add", None, 2, 2),
        ("add", 1, 2, 3),
        ("add", 0.5, 1.0, 1.5),
        ("union", None, ["b", "a", "b"], ["a", "b"]),
        ("union", ["a"], ["b", "a"], ["a", "b"]),
        ("merge", None, {"a": 1}, {"a": 1}),
        ("merge", {"a": 1, "b": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ("max", None, 3, 3),
        ("max", 4, 3, 4),
        ("min", 4, 3, 3),
        ("max", "2024-05-01T00:00:00Z", "2024-05-01T00:00:00.5Z", "2024-05-01T00:00:00.5Z"),
        ("min", "2024-05-01T00:00:00Z", "2024-05-01T00:00:00.5Z", "2024-05-01T00:00:00Z"),
    ],
)
def test_reduce(reducer: str, old: Json, new: Json, result: Json) -> None:
    assert reduce(reducer, old, new) == result


@pytest.mark.parametrize(
    ("reducer", "old", "new"),
    [
        ("append", "a", "b"),
        ("add", "a", "b"),
        ("union", ["a"], "b"),
        ("merge", [], {}),
        ("max", "a", "b"),
        ("max", 1, "2024-05-01T00:00:00Z"),
        ("min", [], []),
    ],
)
def test_values_that_do_not_fit_are_refused(reducer: str, old: Json, new: Json) -> None:
    with pytest.raises(ValueMismatch):
        reduce(reducer, old, new)


NUMBERS = st.integers(-1000, 1000)


@given(st.sampled_from(sorted(COMMUTATIVE)), st.lists(NUMBERS, min_size=2, max_size=5), st.randoms())
def test_commutative_reducers_do_not_care_for_order(reducer: str, values: list[int], random: Random) -> None:
    writes: list[Json] = [[value] for value in values] if reducer == "union" else list(values)
    shuffled = list(writes)
    random.shuffle(shuffled)
    one: Json = None
    other: Json = None
    for write, swapped in zip(writes, shuffled, strict=True):
        one, other = reduce(reducer, one, write), reduce(reducer, other, swapped)
    assert one == other
