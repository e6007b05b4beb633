"""Calibration of fusion weights, per knowledge base and query language, on questions made from its own chunks.

The weights are those under which the softmax of the fused scores gives the chunks that the questions came from the
highest likelihood. A leg whose own MRR is under `GATE` of the other's is left out: what it adds would be noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from . import tokens
from .documents import Chunk
from .fusion import DEPTH, floor
from .ports import Hits
from .questions import QUESTIONS, Embed, make_questions
from .tokens import Language

__all__ = ["DEFAULT", "FEWEST", "Calibration", "Search", "calibrate", "fit"]

Search: TypeAlias = Callable[[Sequence[str]], Sequence[Hits]]
"""One leg of the live index: queries to hits, at most `DEPTH` each."""

FEWEST: Final = 30
"""With fewer questions the weights stay at `DEFAULT`."""
GATE: Final = 1 / 3
_SHARES: Final = [step / 20 for step in range(21)]
_SHARPNESS: Final = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128)
_NOTHING: Final = -1e6
_WORST: Final = -12.0
"""Log-likelihood of a question whose chunk no leg found, and the least that any question can count."""

DEFAULT: Mapping[bool, Mapping[str, float]] = {
    True: {"dense": 12.0, "keyword": 0.6},
    False: {"dense": 0.0, "keyword": 0.6},
}
"""Weights without calibration, by whether the embedder knows the query's language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """Fusion weights for one query language, with the evidence.

    Attributes:
        weights: Weight by leg, for `fusion.fuse`.
        questions: How many questions they rest on (0: `DEFAULT`).
        mrr: MRR on these questions by leg, and of the fused result under `fused`.
        gated: Legs left out because they are too weak.
    """

    weights: Mapping[str, float]
    questions: int
    mrr: Mapping[str, float]
    gated: Sequence[str] = ()


def calibrate(
    chunks: Sequence[Chunk],
    legs: Mapping[str, Search],
    embed: Embed,
    *,
    understood: frozenset[str] = frozenset({"en"}),
    count: int = QUESTIONS,
    seed: int = 0,
) -> dict[Language, Calibration]:
    """Fits the weights of `dense` and `keyword` for every query language.

    Args:
        chunks: All chunks of the knowledge base, or a sample of some thousands.
        legs: The searches of the live index, by the names `dense` and `keyword`.
        embed: The embedder of the dense leg.
        understood: Languages that the embedder knows; decides the weights where questions are too few.
        count: Questions per language.
        seed: Equal seeds give equal questions.
    """
    result: dict[Language, Calibration] = {}
    for language in get_args(Language):
        own = [chunk for chunk in chunks if tokens.language(chunk.text) == language]
        questions = make_questions(own, language, embed, count=count, seed=seed)
        if len(questions) < FEWEST:
            result[language] = Calibration(weights=DEFAULT[language in understood], questions=0, mrr={})
            continue
        texts = [question.text for question in questions]
        hits = {name: search(texts) for name, search in legs.items()}
        result[language] = fit(hits["dense"], hits["keyword"], [question.chunk for question in questions])
    return result


def fit(dense: Sequence[Hits], keyword: Sequence[Hits], relevant: Sequence[str]) -> Calibration:
    """Fits the two weights to hits of questions whose chunk is known, by maximum likelihood on a grid.

    Args:
        dense: Hits by question.
        keyword: Hits by question.
        relevant: Chunk id by question.
    """
    cosine, bm25, gold = _table(dense, keyword, relevant)
    unit = max(float(np.maximum(bm25.max(axis=1), 0.0).mean()), 1e-9)
    mrr = {"dense": _mrr(cosine, gold), "keyword": _mrr(bm25, gold)}
    strongest = max(mrr.values())
    gated = [name for name, value in mrr.items() if value < GATE * strongest]
    shares = {"dense": [0.0], "keyword": [1.0]}.get(gated[0], []) if gated else _SHARES
    mixes = {float(share): share * cosine + (1 - share) * bm25 / unit for share in shares}
    _, share, beta = max(
        (_likelihood(mix, gold, beta), share, beta) for share, mix in mixes.items() for beta in _SHARPNESS
    )
    weights = {"dense": beta * share, "keyword": beta * (1 - share) / unit}
    return Calibration(
        weights=weights, questions=len(relevant), mrr={**mrr, "fused": _mrr(mixes[share], gold)}, gated=gated
    )


def _table(
    dense: Sequence[Hits], keyword: Sequence[Hits], relevant: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Scores of both legs over each question's candidates, `(questions, candidates)`, padded with `_NOTHING`.

    The relevant chunk stands in column 0; a question where no leg found it has -1 in the third array, else 0.
    """
    width = 1 + max(len(d) + len(k) for d, k in zip(dense, keyword, strict=True))
    cosine, bm25 = (np.full((len(relevant), width), _NOTHING) for _ in range(2))
    gold = np.zeros(len(relevant), np.int64)
    for row, (d, k, chunk) in enumerate(zip(dense, keyword, relevant, strict=True)):
        left, right = dict(d), dict(k)
        found = chunk in left or chunk in right
        gold[row] = 0 if found else -1
        candidates: list[str] = [*([chunk] if found else []), *left, *right]
        for column, candidate in enumerate(dict.fromkeys(candidates)):
            cosine[row, column] = left.get(candidate, floor(d, DEPTH))
            bm25[row, column] = right.get(candidate, floor(k, DEPTH))
    return cosine, bm25, gold


def _likelihood(scores: NDArray[np.float64], gold: NDArray[np.int64], sharpness: float) -> float:
    """Mean log-probability of the relevant chunk under softmax(sharpness * scores)."""
    scaled = sharpness * scores
    top = scaled.max(axis=1)
    log = scaled[:, 0] - top - np.log(np.exp(scaled - top[:, None]).sum(axis=1))
    return float(np.where(gold == 0, np.maximum(log, _WORST), _WORST).mean())


def _mrr(scores: NDArray[np.float64], gold: NDArray[np.int64]) -> float:
    """MRR; of equal scores the relevant one counts as last."""
    ranks = (scores >= scores[:, :1]).sum(axis=1)
    return float(np.where(gold == 0, 1 / np.maximum(ranks, 1), 0.0).mean())
