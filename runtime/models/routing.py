"""How one of several deployments is chosen: the part `routing` of `models.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from .strict import Strict

__all__ = ["POLICIES", "Caching", "Policy", "Routing", "Semantic"]

Policy: TypeAlias = Literal["fixed", "cheapest", "fastest", "local_first", "learned"]

POLICIES: tuple[Policy, ...] = ("fixed", "cheapest", "fastest", "local_first", "learned")

Share: TypeAlias = Annotated[float, Field(ge=0, le=1, strict=False)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)]


class Semantic(Strict):
    """Which apps are given answers to similar questions.

    Args:
        apps: The apps, by their ids; none unless they are named.
        error: The share of such answers that may be wrong.
        hours: For how long an answer is kept.
    """

    apps: list[str] = []
    error: Annotated[float, Field(gt=0, lt=0.5, strict=False)] = 0.02
    hours: Annotated[float, Field(gt=0, le=8760, strict=False)] = 168.0


class Caching(Strict):
    """Which answers are kept.

    Args:
        exact: Keep answers at temperature 0, and give them again to the very same request.
        hours: For how long.
        semantic: Which apps are given answers to similar questions.
    """

    exact: bool = True
    semantic: Semantic = Semantic()
    hours: Annotated[float, Field(gt=0, le=8760, strict=False)] = 24.0


class Routing(Strict):
    """How deployments are chosen, and when one is left alone.

    Args:
        policy: The policy of apps that name none.
        confidence: `local_first` keeps an answer of this machine from this confidence on.
        target: `learned` takes the cheapest deployment that is expected to succeed with this probability.
        outcomes: `learned` needs as many outcomes of a deployment; until then it is `cheapest`.
        learn: Keep an embedding of every request, for `learned`. Texts are never kept.
        failures: After as many failures in a row a deployment is left alone.
        cooldown: For so many seconds, twice as many each time, at most five minutes.
    """

    policy: Policy = "fixed"
    confidence: Share = 0.6
    target: Share = 0.8
    outcomes: Annotated[int, Field(ge=1)] = 30
    learn: bool = False
    failures: Annotated[int, Field(ge=1)] = 3
    cooldown: Seconds = 30.0
