"""What another routing would have done with the requests that were made: whom it would have asked, at what price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from agents.spec.document import ModelNeed

from ..base.errors import Json
from .deployments import Deployment
from .fleet import Fleet
from .routing import Routing
from .selection import Demand, select

__all__ = ["what_if"]


@dataclass(slots=True)
class _Share:
    """What falls to a deployment."""

    calls: int = 0
    usd: float = 0.0
    seconds: list[float] = field(default_factory=list[float])

    def add(self, usd: float, seconds: float | None) -> None:
        self.calls += 1
        self.usd += usd
        if seconds is not None:
            self.seconds.append(seconds)

    def to_json(self) -> dict[str, Json]:
        return {
            "calls": self.calls,
            "usd": round(self.usd, 9),
            "seconds": median(self.seconds) if self.seconds else None,
        }


def what_if(fleet: Fleet, decisions: Iterable[Mapping[str, Any]], routing: Routing) -> dict[str, Json]:
    """Return, by deployment, what fell to it and what would have.

    The tokens of an answer are taken to be the same whoever gives it, and its time that deployment's median. A cascade
    is counted by its first choice: how often it would escalate, nobody knows before it is asked.

    Args:
        fleet: The deployments.
        decisions: What was decided, as `DecisionLog.list` gives it.
        routing: The other routing.
    """
    answered = [one for one in decisions if one["deployment"] is not None and one["error"] is None]
    now, then = dict[str, _Share](), dict[str, _Share]()
    known = _medians(answered)
    unserved = 0
    for one in answered:
        now.setdefault(one["deployment"], _Share()).add(one["usd"], one["seconds"])
        chosen = _first(fleet, one["demand"], routing)
        if chosen is None:
            unserved += 1
            continue
        usd = chosen.price.of(one["input_tokens"], one["output_tokens"])
        then.setdefault(chosen.id, _Share()).add(usd, known.get(chosen.id))
    rows: list[Json] = [
        {"deployment": name, "now": now.get(name, _Share()).to_json(), "then": then.get(name, _Share()).to_json()}
        for name in sorted({*now, *then})
    ]
    return {
        "requests": len(answered),
        "rows": rows,
        "now": _total(now.values()),
        "then": _total(then.values()),
        "unserved": unserved,
    }


def _first(fleet: Fleet, demand: Mapping[str, Any], routing: Routing) -> Deployment | None:
    """Return who would be asked first."""
    need = ModelNeed.model_validate({**demand["need"], "policy": None})
    asked = Demand(
        caps=frozenset(demand["caps"]), given=demand["given"], least=demand["least"], answer=demand["answer"]
    )
    order = select(fleet.deployments, asked, need, routing, fleet.health).order
    return order[0].deployment if order else None


def _medians(decisions: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for one in decisions:
        found.setdefault(one["deployment"], []).append(one["seconds"])
    return {name: median(seconds) for name, seconds in found.items()}


def _total(shares: Iterable[_Share]) -> dict[str, Json]:
    held = [*shares]
    seconds = [one for share in held for one in share.seconds]
    return {"usd": round(sum(share.usd for share in held), 9), "median_s": median(seconds) if seconds else None}
