"""Gives parameters their values, all at once: two of them seldom mean the same words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...base.errors import Json
from .candidates import candidates, family
from .features import Candidate, Parameter, Reading
from .weights import WEIGHTS

__all__ = ["fill", "judge"]

KEPT: Final = 6
"""Candidates of each parameter that are looked at together."""
BEAM: Final = 48
SHARED: Final = 4.0
"""What it costs that two parameters take the same words."""
ORDERED: Final = 0.4
"""What it brings that parameters of one kind come in the text's order."""
_WORDS: Final = ("number", "text", "numbers", "texts")


@dataclass(frozen=True, slots=True)
class _State:
    score: float
    chosen: tuple[Candidate, ...]


def judge(parameter: Parameter, found: Sequence[Candidate]) -> list[float]:
    """Return the logarithm of each candidate's share in all that speaks for them."""
    weights = WEIGHTS.get(family(parameter.schema)) or {}
    raw = [sum((weights.get(name, 0.0) * value for name, value in one.features.items()), 0.0) for one in found]
    top = max(raw)
    total = top + math.log(sum(math.exp(one - top) for one in raw))
    return [one - total for one in raw]


def fill(
    reading: Reading, parameters: Sequence[Parameter], allows: Callable[[str, Json], bool] = lambda name, value: True
) -> Mapping[str, Candidate]:
    """Return the best values by parameter; one without candidates has none.

    Args:
        reading: The user's text.
        parameters: What is to be filled, in the order of the schema.
        allows: Whether a parameter may have a value.
    """
    states, filled = [_State(0.0, ())], list[Parameter]()
    for parameter in parameters:
        offered = candidates(reading, parameter)
        found = [one for one in offered if one.omitted or allows(parameter.name, one.value)]
        if not found:
            continue
        ranked = sorted(zip(judge(parameter, found), found, strict=True), key=lambda pair: -pair[0])[:KEPT]
        grown = [
            _State(state.score + score + _fits(filled, state.chosen, parameter, one), (*state.chosen, one))
            for state in states
            for score, one in ranked
        ]
        states = sorted(grown, key=lambda state: -state.score)[:BEAM]
        filled.append(parameter)
    return {parameter.name: one for parameter, one in zip(filled, states[0].chosen, strict=True)}


def _fits(filled: Sequence[Parameter], chosen: Sequence[Candidate], parameter: Parameter, one: Candidate) -> float:
    """Return how well a value goes with those that are chosen already."""
    kind = family(parameter.schema)
    if one.start < 0 or kind not in _WORDS:
        return 0.0
    worth = 0.0
    for other, value in zip(filled, chosen, strict=True):
        if family(other.schema) not in _WORDS or value.start < 0:
            continue
        worth -= SHARED * value.overlaps(one)
        if family(other.schema) == kind and not value.overlaps(one):
            worth += ORDERED if value.start < one.start else 0.0
    return worth
