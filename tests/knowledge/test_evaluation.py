"""Metrics by hand, and the targets on public data."""

from __future__ import annotations

import json
from math import log2
from pathlib import Path

import pytest

from knowledge.evaluation import evaluate, ranks_of
from knowledge.library import Library


def test_metrics_by_hand() -> None:
    found = evaluate([[1], [3], [None], [2, None]])
    assert (found.recall_1, found.recall_5, found.recall_10) == (0.25, 0.625, 0.625)
    assert found.mrr == pytest.approx((1 + 1 / 3 + 0 + 1 / 2) / 4)
    two = (1 / log2(3)) / (1 + 1 / log2(3))
    assert found.ndcg_10 == pytest.approx((1 + 1 / log2(4) + 0 + two) / 4)


def test_a_document_stands_where_its_best_chunk_stands() -> None:
    assert ranks_of(["b", "c"], ["a", "a", "b", "a", "b"]) == [2, None]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("file", "least"),
    [("cmrc2018_trial/cmrc2018_trial.json", 0.96), ("xquad/xquad.zh.json", 0.92), ("xquad/xquad.en.json", 0.93)],
)
async def test_meets_the_targets(test_data: Path, tmp_path: Path, file: str, least: float) -> None:
    articles = json.loads((test_data / file).read_text("utf-8"))["data"]
    passages = [passage for article in articles for passage in article["paragraphs"]]
    files = {f"{number}.txt": passage["context"].encode() for number, passage in enumerate(passages)}
    cases = [
        json.dumps({"query": question["question"], "relevant": [f"{number}.txt"]})
        for number, passage in enumerate(passages)
        for question in passage["qas"]
    ]
    library = Library(tmp_path)
    await library.ensure("passages", files)
    report = await library.evaluate("passages", "\n".join(cases))
    await library.close()
    assert report.fused.recall_1 >= least
    assert report.fused.recall_1 >= max(report.dense.recall_1, report.keyword.recall_1) - 0.005
