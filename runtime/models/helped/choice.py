"""Which tool a request is for: nearness of meaning, and what the model thinks where that leaves doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from ...base.errors import Json
from ..local.toolschema import Tool
from .vectors import Vector
from .words import spoken

__all__ = ["APT", "combine", "described", "doubtful", "nearness", "question"]

DOUBT: Final = 0.05
"""Where the nearest tools are less than this apart, the model is asked about them."""
LIKELIHOOD: Final = 0.01
"""What the logarithm of a name's likelihood is worth in nearness."""
APT: Final = 0.22
"""A request at least this near to a tool is for one, where an answer in words is allowed too."""


def described(tool: Tool) -> tuple[str, str]:
    """Return a tool as it is embedded: in short, and with its parameters."""
    function = tool["function"]
    short = f"{spoken(function['name'])}: {function.get('description') or ''}"
    parameters: Mapping[str, Any] = function.get("parameters") or {}
    properties = cast("Mapping[str, Any]", parameters.get("properties") or {})
    return short, " ".join([short, *(_parameter(name, rules) for name, rules in properties.items())])


def nearness(text: str, tools: Sequence[Tool], vectors: Mapping[str, Vector]) -> dict[str, float]:
    """Return how near each tool is to a request, by name, from -1 to 1."""
    near = dict[str, float]()
    for tool in tools:
        short, long = (float(vectors[text] @ vectors[view]) for view in described(tool))
        near[str(tool["function"]["name"])] = (short + long) / 2
    return near


def doubtful(near: Mapping[str, float]) -> list[str]:
    """Return the tools that nearness does not tell apart; one alone is certain."""
    best = max(near.values())
    return [name for name, value in near.items() if value > best - DOUBT]


def question(text: str, tools: Sequence[Tool]) -> list[dict[str, Json]]:
    """Return what the model is asked; the answer is a tool's name."""
    lines = [f"- {tool['function']['name']}: {tool['function'].get('description') or ''}" for tool in tools]
    said = "Tools:\n" + "\n".join(lines) + f"\n\nRequest: {text}\n\nName the tool that answers the request."
    return [{"role": "user", "content": said}]


def combine(near: Mapping[str, float], likelihood: Mapping[str, float]) -> dict[str, float]:
    """Return the tools' scores: nearness, and for the doubtful ones how likely the model finds them."""
    best = max(likelihood.values(), default=0.0)
    worst = min(likelihood.values(), default=0.0) - best
    return {
        name: value + LIKELIHOOD * (likelihood[name] - best if name in likelihood else worst)
        for name, value in near.items()
    }


def _parameter(name: str, rules: Mapping[str, Any] | bool) -> str:
    if isinstance(rules, bool):
        return spoken(name)
    values = ", ".join(map(str, rules.get("enum") or ()))
    return f"{spoken(name)}: {rules.get('description') or ''} {values}".strip()
