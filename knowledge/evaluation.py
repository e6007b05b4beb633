"""Retrieval metrics over questions with known relevant documents.

A document stands where its best chunk stands. Source of nDCG: Järvelin, Kekäläinen, "Cumulated Gain-based Evaluation of
IR Techniques", 2002; relevance is binary here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import cast

from .errors import CasesInvalid

__all__ = ["Case", "Metrics", "Report", "evaluate", "parse_cases", "ranks_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A query and the names of the documents that answer it; a blank query finds nothing and counts as such."""

    query: str
    relevant: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Metrics:
    """Means over the cases, each between 0 and 1.

    Recall@k is the share of a case's relevant documents among the first k; MRR is of the first of them.
    """

    recall_1: float
    recall_5: float
    recall_10: float
    mrr: float
    ndcg_10: float

    def to_json(self) -> dict[str, float]:
        """Return the metrics by their usual names."""
        return {
            "recall@1": self.recall_1,
            "recall@5": self.recall_5,
            "recall@10": self.recall_10,
            "mrr": self.mrr,
            "ndcg@10": self.ndcg_10,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Metrics of the fused order and of each leg alone."""

    cases: int
    fused: Metrics
    dense: Metrics
    keyword: Metrics


def ranks_of(relevant: Sequence[str], documents: Iterable[str]) -> list[int | None]:
    """Return the rank from 1 of each relevant document among ranked chunks' documents, or None."""
    order = {name: rank for rank, name in enumerate(dict.fromkeys(documents), 1)}
    return [order.get(name) for name in relevant]


def evaluate(cases: Sequence[Sequence[int | None]]) -> Metrics:
    """Return the metrics of the relevant documents' ranks, by case.

    Raises:
        CasesInvalid: There is no case, or one without a relevant document.
    """
    if not cases or not all(cases):
        raise CasesInvalid("There is nothing to evaluate.", fix="Give each case at least one relevant document.")
    return Metrics(
        recall_1=_mean(_recall(ranks, 1) for ranks in cases),
        recall_5=_mean(_recall(ranks, 5) for ranks in cases),
        recall_10=_mean(_recall(ranks, 10) for ranks in cases),
        mrr=_mean(max(1 / rank if rank else 0.0 for rank in ranks) for ranks in cases),
        ndcg_10=_mean(_ndcg(ranks, 10) for ranks in cases),
    )


def parse_cases(text: str, known: Mapping[str, str]) -> list[Case]:
    """Read one `{"query", "relevant": [names]}` per line; blank lines are left out.

    Args:
        text: The file's text.
        known: The base's documents, by name.

    Raises:
        CasesInvalid: A line is malformed or names a document that is not in the base; the message has its number.
    """
    cases = [_case(line, number, known) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not cases:
        raise CasesInvalid("The file has no case.", fix='Write one {"query": …, "relevant": [names]} per line.')
    return cases


def _case(line: str, number: int, known: Mapping[str, str]) -> Case:
    try:
        found: object = json.loads(line)
    except ValueError as error:
        raise _bad(f"it is no JSON: {error}", number) from error
    if not isinstance(found, dict):
        raise _bad("it is no object", number)
    data = cast("dict[str, object]", found)
    query, relevant = data.get("query"), data.get("relevant")
    if not isinstance(query, str):
        raise _bad("'query' is no text", number)
    if not isinstance(relevant, list) or not relevant:
        raise _bad("'relevant' is no list of document names", number)
    names = tuple(dict.fromkeys(str(name) for name in cast("list[object]", relevant)))
    missing = [name for name in names if name not in known]
    if missing:
        raise _bad(f"the base has no document {missing[0]!r}", number)
    return Case(query=query, relevant=names)


def _bad(reason: str, number: int) -> CasesInvalid:
    return CasesInvalid(
        f"Line {number} is no test case: {reason}.",
        where=f"line {number}",
        fix='Write {"query": …, "relevant": [document names]} on each line.',
    )


def _recall(ranks: Sequence[int | None], depth: int) -> float:
    return sum(1 for rank in ranks if rank and rank <= depth) / len(ranks)


def _ndcg(ranks: Sequence[int | None], depth: int) -> float:
    ideal = sum(1 / log2(1 + rank) for rank in range(1, min(len(ranks), depth) + 1))
    return sum(1 / log2(1 + rank) for rank in ranks if rank and rank <= depth) / ideal


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
