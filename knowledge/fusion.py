"""Fusion of retrieval legs: a log-linear pool of the legs' own scores.

    score(chunk) = sum over legs of weight[leg] * score[leg](chunk)          P(chunk | query) = softmax(score)

Scores are not normalised per query. So a query on which a leg is sure (BM25 far ahead of the rest) is decided by that
leg, one on which it is not by the others, and a score does not depend on what else was found. The weights carry the
units (per cosine, per BM25 point) and come from `calibrate`. On XQuAD and CMRC this was as good as or better than
min-max, z-score and max normalisation at their best weights, and far better than reciprocal rank fusion, which cannot
tell a confident leg from a guessing one.

Source: convex combination of scores against RRF: Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid
Retrieval", 2022 (arXiv 2210.11934); the log-linear pool fitted by likelihood: Genest, Zidek, "Combining probability
distributions", 1986.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

from .ports import Hits

__all__ = ["DEPTH", "Fused", "floor", "fuse"]

DEPTH = 50
"""How many hits each leg is asked for. Between 20 and 200 no metric moved by more than 0.002."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fused:
    """A candidate after fusion.

    Attributes:
        chunk: Its id.
        score: The weighted sum; the order of results.
        probability: Softmax of `score` over the candidates; 0 to 1.
        ranks: Its rank on every leg that found it, from 1.
        scores: Its score on every leg, with the value assumed where a leg did not find it.
    """

    chunk: str
    score: float
    probability: float
    ranks: Mapping[str, int]
    scores: Mapping[str, float]


def fuse(legs: Mapping[str, Hits], weights: Mapping[str, float], *, depth: int = DEPTH) -> list[Fused]:
    """Merges what the legs found into one order, best first.

    A candidate that a leg did not find gets that leg's `floor`. Candidates that only legs of weight 0 found are kept
    behind all others, in the order of their rank: they answer a query on which the weighted legs find nothing.

    Args:
        legs: Hits by leg name, at most `depth` each.
        weights: Weight by leg name, not negative; a missing leg weighs 0.
        depth: The number of hits that was asked for.
    """
    floors = {name: floor(hits, depth) for name, hits in legs.items()}
    found = {name: dict(hits) for name, hits in legs.items()}
    ranks = {name: {chunk: rank for rank, (chunk, _) in enumerate(hits, 1)} for name, hits in legs.items()}
    rows: list[tuple[bool, float, int, str]] = []
    for chunk in dict.fromkeys(chunk for hits in legs.values() for chunk, _ in hits):
        score = sum(weights.get(name, 0.0) * found[name].get(chunk, floors[name]) for name in legs)
        weighted = any(weights.get(name, 0.0) > 0 and chunk in found[name] for name in legs)
        rows.append((not weighted, -score, min(r[chunk] for r in ranks.values() if chunk in r), chunk))
    rows.sort()
    masses = [0.0 if behind else exp(-score + rows[0][1]) for behind, score, _, _ in rows]
    total = sum(masses) or 1.0
    return [
        Fused(
            chunk=chunk,
            score=-score,
            probability=mass / total,
            ranks={name: r[chunk] for name, r in ranks.items() if chunk in r},
            scores={name: found[name].get(chunk, floors[name]) for name in legs},
        )
        for (_, score, _, chunk), mass in zip(rows, masses, strict=True)
    ]


def floor(hits: Hits, depth: int) -> float:
    """The score assumed for a chunk that a leg did not find.

    A full leg would have found anything better than its last hit; a leg that ran out of matches (keyword) gives 0.
    """
    return hits[-1][1] if len(hits) >= depth else 0.0
