"""Which deployments may answer a request, and in which order they are asked.

A need names deployments under `prefer` and `fallback`; a policy orders all that fit. `fixed` keeps that order, with the
other deployments behind it; every other policy takes it to decide between equals.

A label of residency is a fence: once the first deployment that is not on this machine has one, no deployment with
another label, or without one, is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from agents.context import ModelRequest
from agents.spec.document import ModelNeed

from ..base.errors import Json
from .deployments import Deployment
from .health import Health
from .routing import Policy, Routing
from .tokens import input_tokens, least_tokens

__all__ = ["Candidate", "Demand", "Selection", "said", "select"]

ANY = "any"

Found = Mapping[str, Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What a request demands of any deployment.

    Args:
        caps: Capabilities that it needs.
        given: Tokens of its input at the most.
        least: Tokens of its input at the least.
        answer: The longest answer, in tokens; None is the deployment's own.
    """

    caps: frozenset[str] = frozenset()
    given: int = 0
    least: int = 0
    answer: int | None = None

    @classmethod
    def of(cls, request: ModelRequest) -> Demand:
        """Return what a request demands."""
        tools = {"tools"} if request.tools else set[str]()
        vision = {"vision"} if any(message.images for message in request.messages) else set[str]()
        return cls(
            caps=frozenset(tools | vision),
            given=input_tokens(request),
            least=least_tokens(request),
            answer=request.max_tokens,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A deployment that may answer.

    Args:
        deployment: The deployment.
        tokens: What the call takes at most.
        usd: What it costs at most.
        seconds: How long its answers took lately, in the median; None is not known.
    """

    deployment: Deployment
    tokens: int
    usd: float
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """The order in which deployments are asked, why, and why the others are not."""

    policy: Policy
    reason: str
    order: tuple[Candidate, ...]
    passed_over: Mapping[str, Found] = field(default_factory=dict[str, Found])


def select(
    deployments: Iterable[Deployment],
    demand: Demand,
    need: ModelNeed,
    routing: Routing,
    health: Callable[[Deployment], Health],
    expected: Mapping[str, float] | None = None,
) -> Selection:
    """Choose.

    Args:
        deployments: All there are.
        demand: What the request demands.
        need: What the app requires of the model.
        routing: How one is chosen.
        health: Gives a deployment's health.
        expected: How likely each deployment is to succeed, for `learned`.
    """
    ordered = _named(list(deployments), need)
    fitting: list[Candidate] = []
    passed: dict[str, Found] = {}
    for one in ordered:
        candidate = _candidate(one, demand, health(one))
        if (found := lacks(one, need, demand) or _beyond(candidate, need, health(one))) is not None:
            passed[one.id] = found
        else:
            fitting.append(candidate)
    policy = need.policy or routing.policy
    order, reason = _ordered(policy, fitting, need, routing, expected)
    kept = _fenced(order, passed)
    return Selection(policy=policy, reason=reason, order=tuple(kept), passed_over=passed)


def lacks(deployment: Deployment, need: ModelNeed, demand: Demand) -> Found | None:
    """Say what a deployment lacks for a need, or for the very request, if anything."""
    if missing := sorted((demand.caps | set(need.caps)) - deployment.caps):
        return {"reason": "caps", "caps": [*missing]}
    if need.context is not None and deployment.context < need.context:
        return {"reason": "context", "context": deployment.context}
    if demand.least > deployment.context:
        return {"reason": "length", "context": deployment.context}
    if need.residency and not deployment.local and deployment.residency not in need.residency:
        return {"reason": "residency", "residency": deployment.residency}
    return None


def said(why: Found) -> str:
    """Say in words why a deployment is passed over."""
    match why.get("reason"):
        case "caps":
            return f"lacks {', '.join(cast('list[str]', why['caps']))}"
        case "context":
            return f"has a context of {why['context']} tokens"
        case "length":
            return f"has a context of {why['context']} tokens, fewer than the messages"
        case "residency" | "fence":
            return f"keeps what it is asked in {why['residency'] or 'an unknown place'}, where this may not go"
        case level:
            return f"does not keep the service level {level} of {why.get('limit')}"


def _candidate(deployment: Deployment, demand: Demand, health: Health) -> Candidate:
    answer = demand.answer or deployment.max_tokens
    return Candidate(
        deployment=deployment,
        tokens=demand.given + answer,
        usd=deployment.price.of(demand.given, answer),
        seconds=health.median(),
    )


def _beyond(candidate: Candidate, need: ModelNeed, health: Health) -> Found | None:
    """Say which service level of the need a candidate does not keep."""
    slo = need.slo
    if slo is None:
        return None
    if slo.usd is not None and candidate.usd > slo.usd:
        return {"reason": "usd", "usd": candidate.usd, "limit": slo.usd}
    if slo.p95_s is not None and (slow := health.p95()) is not None and slow > slo.p95_s:
        return {"reason": "p95_s", "p95_s": slow, "limit": slo.p95_s}
    return None


def _named(deployments: list[Deployment], need: ModelNeed) -> list[Deployment]:
    """Return the deployments in the need's order, the others behind them."""
    named = [one for pattern in (*need.prefer, *need.fallback) for one in _matching(deployments, pattern)]
    return list({one.id: one for one in (*named, *deployments)}.values())


def _matching(deployments: list[Deployment], pattern: str) -> list[Deployment]:
    """Return the deployments that a need's name means: one by its id, or all of a kind for `kind/any`."""
    kind, _, name = pattern.partition("/")
    exact = [one for one in deployments if one.id == pattern]
    return exact or [one for one in deployments if name == ANY and one.kind == kind]


def _ordered(
    policy: Policy,
    fitting: list[Candidate],
    need: ModelNeed,
    routing: Routing,
    expected: Mapping[str, float] | None,
) -> tuple[list[Candidate], str]:
    """Return the candidates in the policy's order, and what speaks for the first."""
    match policy:
        case "fixed":
            return fitting, "named" if need.prefer or need.fallback else "declared"
        case "cheapest":
            return sorted(fitting, key=_usd), "cheapest"
        case "fastest":
            order = sorted(fitting, key=lambda one: -1.0 if one.seconds is None else one.seconds)
            return order, "untried" if order and order[0].seconds is None else "fastest"
        case "local_first":
            order = sorted(fitting, key=lambda one: not one.deployment.local)
            return order, "local" if order and order[0].deployment.local else "no_local"
        case "learned":
            return _learned(fitting, routing, expected or {})


def _learned(fitting: list[Candidate], routing: Routing, expected: Mapping[str, float]) -> tuple[list[Candidate], str]:
    """Put the cheapest that is likely to succeed in front; without enough outcomes, the cheapest."""
    known = [one for one in fitting if one.deployment.id in expected]
    if not known:
        return sorted(fitting, key=_usd), "too_few_outcomes"
    good = sorted((one for one in known if expected[one.deployment.id] >= routing.target), key=_usd)
    rest = sorted((one for one in fitting if one not in good), key=lambda one: -expected.get(one.deployment.id, 0.0))
    return [*good, *rest], "expected" if good else "likeliest"


def _usd(candidate: Candidate) -> float:
    return candidate.usd


def _fenced(order: list[Candidate], passed: dict[str, Found]) -> list[Candidate]:
    """Leave out, and note, what stands behind a fence of residency."""
    away = [one for one in order if not one.deployment.local]
    label = away[0].deployment.residency if away else None
    kept: list[Candidate] = []
    for one in order:
        if one.deployment.local or one.deployment.residency == label:
            kept.append(one)
        else:
            passed[one.deployment.id] = {"reason": "fence", "residency": one.deployment.residency, "inside": label}
    return kept
