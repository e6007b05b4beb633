"""Decision diagrams: agreement with truth tables, canonicity, examples."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.compiler.conditions import ALWAYS, NEVER, Choice, Condition, Conditions

DOMAINS = {"a": ("x", "y", "z"), "b": ("x", "y"), "c": ("x", "y", "z", "w")}

Formula = Any

atoms = st.sampled_from([("is", name, value) for name, domain in DOMAINS.items() for value in domain])
formulas = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.just("and"), inner, inner),
        st.tuples(st.just("or"), inner, inner),
    ),
    max_leaves=12,
)


def build(conditions: Conditions, formula: Formula) -> Condition:
    match formula:
        case ("is", name, value):
            return conditions.chosen(name, value)
        case ("not", inner):
            return conditions.negation(build(conditions, inner))
        case ("and", left, right):
            return conditions.both(build(conditions, left), build(conditions, right))
        case ("or", left, right):
            return conditions.either(build(conditions, left), build(conditions, right))
        case _:
            raise AssertionError(formula)


def truth(formula: Formula, world: dict[str, str]) -> bool:
    match formula:
        case ("is", name, value):
            return world[name] == value
        case ("not", inner):
            return not truth(inner, world)
        case ("and", left, right):
            return truth(left, world) and truth(right, world)
        case ("or", left, right):
            return truth(left, world) or truth(right, world)
        case _:
            raise AssertionError(formula)


def worlds() -> list[dict[str, str]]:
    return [dict(zip(DOMAINS, values, strict=True)) for values in product(*DOMAINS.values())]


def fresh() -> Conditions:
    conditions = Conditions()
    for name, domain in DOMAINS.items():
        conditions.declare(name, domain)
    return conditions


@given(formulas)
def test_a_condition_agrees_with_its_truth_table(formula: Formula) -> None:
    conditions = fresh()
    condition = build(conditions, formula)
    expected = [truth(formula, world) for world in worlds()]
    found = [conditions.holds(condition, [Choice(*item) for item in world.items()]) for world in worlds()]
    assert found == expected
    assert (condition == ALWAYS) == all(expected)
    assert (condition == NEVER) == (not any(expected))


@given(formulas, formulas)
def test_equal_functions_are_one_node(left: Formula, right: Formula) -> None:
    conditions = fresh()
    same = all(truth(left, world) == truth(right, world) for world in worlds())
    assert (build(conditions, left) == build(conditions, right)) == same


@given(formulas)
def test_an_example_makes_the_condition_true(formula: Formula) -> None:
    conditions = fresh()
    condition = build(conditions, formula)
    if condition == NEVER:
        with pytest.raises(ValueError, match="impossible"):
            conditions.example(condition)
    else:
        assert conditions.holds(condition, conditions.example(condition))


def test_many_independent_branches_stay_small() -> None:
    conditions = Conditions()
    result = ALWAYS
    for at in range(300):
        conditions.declare(f"n{at}", ("a", "b", "c"))
        result = conditions.both(result, conditions.negation(conditions.chosen(f"n{at}", "c")))
    assert len(conditions.example(result)) == 300
