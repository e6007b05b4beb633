"""The one retrieval path: legs, fusion, cut. Tester, chat, agents and evaluation all come through here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from runtime.base.errors import Json

from .errors import BadRequest, BaseEmpty
from .fusion import DEPTH, Fused, fuse
from .index import Index
from .tokens import Language, language

__all__ = ["MOST", "Candidate", "Dropped", "Hit", "RetrievalPlan", "RetrievalResult", "retrieve"]

MOST: Final = 100
"""The most passages that a query may ask for."""

Dropped: TypeAlias = Literal["cut"]
"""The stage that dropped a candidate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrievalPlan:
    """What to look for.

    Args:
        query: The question, in English or Chinese.
        k: How many passages to return at the most.
        filter: Values that a document's metadata, or its `document` (name) or `language`, must equal.
    """

    query: str
    k: int = 5
    filter: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A passage that was found.

    `start` and `end` count characters of the document's text. `ranks` has the rank from 1 on the legs `dense` and
    `keyword`, None where a leg did not find it. `score` orders the passages of one query; `probability`, 0 to 1, is the
    share that this passage has of all candidates.
    """

    id: str
    text: str
    document: str
    page: int | None
    start: int
    end: int
    heading: str
    score: float
    probability: float
    ranks: Mapping[str, int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A chunk that a leg found, in fused order, and the stage that dropped it, if one did."""

    id: str
    score: float
    ranks: Mapping[str, int | None]
    dropped: Dropped | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrievalResult:
    """The passages, best first, and how they were chosen."""

    hits: tuple[Hit, ...]
    candidates: tuple[Candidate, ...]
    language: Language
    weights: Mapping[str, float]


def retrieve(index: Index, plans: Sequence[RetrievalPlan]) -> list[RetrievalResult]:
    """Answer plans that share one filter; several at once are faster than one by one.

    Raises:
        BaseEmpty: The base has no document.
        BadRequest: A query has no text, or `k` is out of range.
    """
    for plan in plans:
        _check(plan)
    if not plans:
        return []
    if not index.catalogue.count():
        raise BaseEmpty(
            f"The knowledge base {index.name!r} has no documents.",
            where=index.name,
            fix=f"Add some: baigong kb add {index.name} PATH.",
        )
    found = index.legs([plan.query for plan in plans], plans[0].filter, depth=max([DEPTH, *(plan.k for plan in plans)]))
    return [
        _result(index, plan, {"dense": legs.dense, "keyword": legs.keyword})
        for plan, legs in zip(plans, found, strict=True)
    ]


def _result(index: Index, plan: RetrievalPlan, legs: Mapping[str, Sequence[tuple[str, float]]]) -> RetrievalResult:
    asked = language(plan.query)
    weights = index.weights(asked)
    fused = fuse(legs, weights, depth=max(DEPTH, plan.k))
    candidates = tuple(
        Candidate(id=item.chunk, score=item.score, ranks=_ranks(item), dropped="cut" if place >= plan.k else None)
        for place, item in enumerate(fused)
    )
    return RetrievalResult(hits=_hits(index, fused[: plan.k]), candidates=candidates, language=asked, weights=weights)


def _hits(index: Index, fused: Sequence[Fused]) -> tuple[Hit, ...]:
    places = index.catalogue.places([item.chunk for item in fused])
    return tuple(
        Hit(
            id=item.chunk,
            text=place.chunk.text,
            document=place.document,
            page=place.page,
            start=place.start,
            end=place.end,
            heading=place.chunk.heading,
            score=item.score,
            probability=item.probability,
            ranks=_ranks(item),
        )
        for item in fused
        for place in (places[item.chunk],)
    )


def _ranks(item: Fused) -> dict[str, int | None]:
    return {leg: item.ranks.get(leg) for leg in ("dense", "keyword")}


def _check(plan: RetrievalPlan) -> None:
    if not plan.query.strip():
        raise BadRequest("The query has no text.", where="query", fix="Ask for something.")
    if not 1 <= plan.k <= MOST:
        raise BadRequest(f"{plan.k} passages cannot be asked for.", where="k", fix=f"Ask for 1 to {MOST}.")
