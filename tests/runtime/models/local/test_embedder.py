"""SmolLM2 is no model for embedding, but it shows that texts become vectors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from runtime.models.embedding import Embedder, Reranker
from runtime.models.errors import ModelCrashed, ModelNotLoaded, ModelRefused, PromptTooLong
from runtime.models.local.embedder import LocalEmbedder, LocalReranker
from runtime.models.local.vectors import ranking_pieces
from runtime.models.local.weights import Weights

pytestmark = pytest.mark.anyio

TEXTS = ["The pump vibrates.", "The pump is shaking.", "Invoices are due in May.", "泵在振动。"]


@pytest.fixture
async def embedder() -> AsyncIterator[LocalEmbedder]:
    model = LocalEmbedder("local/smollm2", Weights(), 256)
    yield model
    await model.close()


def near(one: Sequence[float], other: Sequence[float]) -> float:
    return float(np.dot(one, other))


async def test_texts_become_vectors_in_their_order(embedder: LocalEmbedder) -> None:
    assert isinstance(embedder, Embedder) and not isinstance(embedder, Reranker)
    found = await embedder.embed(TEXTS)
    vectors = found.vectors
    assert [len(vector) for vector in vectors] == [576] * 4 == [embedder.backend.info["dimension"]] * 4
    assert [near(vector, vector) for vector in vectors] == pytest.approx([1] * 4)
    assert near(vectors[0], vectors[1]) > near(vectors[0], vectors[2])
    assert found.tokens > 4 * 4

    many = [*reversed(TEXTS)] * 10
    again = await embedder.embed(many, lane="index", background=True)
    assert [*again.vectors] == [*reversed(vectors)] * 10, "neighbours and turns change nothing"
    assert again.tokens == 10 * found.tokens


@pytest.mark.slow
async def test_a_text_that_cannot_be_embedded_is_named(embedder: LocalEmbedder) -> None:
    with pytest.raises(PromptTooLong, match=r"BG844: Text 33 has .* model reads 256.*local/smollm2") as long:
        await embedder.embed(["pump"] * 33 + ["pump " * 500])
    assert long.value.details["index"] == 33
    with pytest.raises(ModelRefused, match="Text 1 is empty"):
        await embedder.embed(["pump", "", "pump"])
    assert len((await embedder.embed(["pump"])).vectors) == 1


@pytest.mark.slow
async def test_a_cancelled_call_leaves_the_model_usable(embedder: LocalEmbedder) -> None:
    expected = await embedder.embed(["pump"])
    pid = embedder.backend.pid
    task = asyncio.create_task(embedder.embed(["pump " * 250] * 30))
    await asyncio.sleep(0.2)
    task.cancel()
    assert await embedder.embed(["pump"]) == expected
    assert task.cancelled() and embedder.backend.pid == pid


async def test_only_a_model_that_ranks_ranks() -> None:
    reranker = LocalReranker("local/smollm2", Weights(), 256)
    assert isinstance(reranker, Reranker) and not isinstance(reranker, Embedder)
    with pytest.raises(ModelRefused, match=r"BG825: The model embeds; it does not rank.*local/smollm2"):
        await reranker.rerank("Why does the pump vibrate?", TEXTS)
    await reranker.close()


def test_a_ranking_model_reads_the_query_and_the_document() -> None:
    bert = ranking_pieces(None, "why </s>?", "because", ("<s>", "</s>", "<sep>"))
    assert bert == [("<s>", True), ("why </s>?", False), ("</s><sep>", True), ("because", False), ("</s>", True)]
    bare = ranking_pieces(None, "why", "because", ("", "", ""))
    assert bare == [("why", False), ("because", False)]
    own = ranking_pieces("<q>{query}<d>{document}<yes>", "a {document}", "{query}", ("<s>", "</s>", ""))
    assert own == [("<q>", True), ("a {document}", False), ("<d>", True), ("{query}", False), ("<yes>", True)]


async def test_the_cap_on_memory_holds_here_too() -> None:
    model = LocalEmbedder("local/vectors", Weights(memory=200_000_000), 2048)
    try:
        with pytest.raises((ModelNotLoaded, ModelCrashed)):  # as llama.cpp takes it; the server goes on
            await model.embed(["A pump."])
    finally:
        await model.close()
