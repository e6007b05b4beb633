"""Conditions under which nodes run: decision diagrams over the choices that a run makes.

A choice is a variable with a finite domain: the handle that a branch takes, whether an optional value is present.
A `Condition` is a reduced ordered multi-valued decision diagram, so equality is identity and "always" and "never" are
the two constants. Source: Bryant, "Graph-based algorithms for Boolean function manipulation" (1986); Srinivasan et al.,
"Algorithms for discrete function manipulation" (1990).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["ALWAYS", "NEVER", "Choice", "Condition", "Conditions"]

Condition: TypeAlias = int
"""A node of the diagram: `NEVER`, `ALWAYS` or an index into its `Conditions`."""

NEVER: Condition = 0
ALWAYS: Condition = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a run and the value it takes there."""

    name: str
    value: str


class Conditions:
    """The choices of one app and the conditions over them. Choices are ordered as they are declared."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._domains: list[tuple[str, ...]] = []
        self._levels: dict[str, int] = {}
        self._nodes: list[tuple[int, tuple[Condition, ...]]] = [(-1, ()), (-1, ())]
        self._unique: dict[tuple[int, tuple[Condition, ...]], Condition] = {}
        self._memo: dict[tuple[str, Condition, Condition], Condition] = {}

    def declare(self, name: str, domain: tuple[str, ...]) -> None:
        """Add a choice; a second declaration of the same name is ignored."""
        if name not in self._levels:
            self._levels[name] = len(self._names)
            self._names.append(name)
            self._domains.append(domain)

    def chosen(self, name: str, value: str) -> Condition:
        """Return the condition that the choice takes this value."""
        level = self._levels[name]
        return self._node(level, tuple(ALWAYS if one == value else NEVER for one in self._domains[level]))

    def both(self, left: Condition, right: Condition) -> Condition:
        """Return the conjunction."""
        if left == NEVER or right == NEVER:
            return NEVER
        if left == ALWAYS:
            return right
        return left if right in (ALWAYS, left) else self._apply("and", min(left, right), max(left, right))

    def either(self, left: Condition, right: Condition) -> Condition:
        """Return the disjunction."""
        if left == ALWAYS or right == ALWAYS:
            return ALWAYS
        if left == NEVER:
            return right
        return left if right in (NEVER, left) else self._apply("or", min(left, right), max(left, right))

    def negation(self, condition: Condition) -> Condition:
        """Return the complement."""
        if condition in (NEVER, ALWAYS):
            return ALWAYS - condition
        key = ("not", condition, condition)
        if key not in self._memo:
            level, children = self._nodes[condition]
            self._memo[key] = self._node(level, tuple(self.negation(child) for child in children))
        return self._memo[key]

    def all(self, conditions: Iterable[Condition]) -> Condition:
        """Return the conjunction of any number; `ALWAYS` of none."""
        result = ALWAYS
        for condition in conditions:
            result = self.both(result, condition)
        return result

    def any(self, conditions: Iterable[Condition]) -> Condition:
        """Return the disjunction of any number; `NEVER` of none."""
        result = NEVER
        for condition in conditions:
            result = self.either(result, condition)
        return result

    def example(self, condition: Condition) -> list[Choice]:
        """Return choices that make the condition true: only those that matter, in order.

        Raises:
            ValueError: The condition is `NEVER`.
        """
        if condition == NEVER:
            raise ValueError("no choices make an impossible condition true")
        choices: list[Choice] = []
        while condition != ALWAYS:
            level, children = self._nodes[condition]
            at = next(index for index, child in enumerate(children) if child != NEVER)
            choices.append(Choice(self._names[level], self._domains[level][at]))
            condition = children[at]
        return choices

    def holds(self, condition: Condition, choices: Iterable[Choice]) -> bool:
        """Whether the condition is certain under the choices; choices that are not given count as their first value."""
        given = {choice.name: choice.value for choice in choices}
        while condition not in (NEVER, ALWAYS):
            level, children = self._nodes[condition]
            domain = self._domains[level]
            condition = children[domain.index(given.get(self._names[level], domain[0]))]
        return condition == ALWAYS

    def _apply(self, operation: str, left: Condition, right: Condition) -> Condition:
        key = (operation, left, right)
        if key not in self._memo:
            combine = self.both if operation == "and" else self.either
            (level, lefts), (other, rights) = self._nodes[left], self._nodes[right]
            top = min(level, other)
            width = len(self._domains[top])
            pairs = zip(
                lefts if level == top else (left,) * width, rights if other == top else (right,) * width, strict=True
            )
            self._memo[key] = self._node(top, tuple(combine(one, two) for one, two in pairs))
        return self._memo[key]

    def _node(self, level: int, children: tuple[Condition, ...]) -> Condition:
        if all(child == children[0] for child in children):
            return children[0]
        key = (level, children)
        if key not in self._unique:
            self._unique[key] = len(self._nodes)
            self._nodes.append(key)
        return self._unique[key]
