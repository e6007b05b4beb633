"""Embeddings and ranks of a server, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.responses import JSONResponse

from runtime.models.endpoint import Endpoint
from runtime.models.errors import ModelNotConfigured, ModelOutputInvalid, ModelUnavailable
from runtime.models.remote_vectors import RemoteVectors

from .conftest import Answer, ChatServer, refuses

pytestmark = pytest.mark.anyio


@pytest.fixture
async def remote(server: ChatServer) -> AsyncIterator[RemoteVectors]:
    made = RemoteVectors("remote/vectors", Endpoint(url=server.url, model="m", retries=1))
    yield made
    await made.close()


def gives(content: Any) -> Answer:  # noqa: ANN401
    return lambda server, body: JSONResponse(content)


async def test_vectors_come_in_the_order_of_the_texts(server: ChatServer, remote: RemoteVectors) -> None:
    items = [{"index": 1, "embedding": [0, 1.5]}, {"index": 0, "embedding": [1, 0]}]
    server.says(gives({"data": items, "usage": {"prompt_tokens": 7}}))
    found = await remote.embed(["a", "b"])
    assert (found.vectors, found.tokens) == ([[1, 0], [0, 1.5]], 7)
    assert server.bodies[0] == {"model": "m", "input": ["a", "b"], "encoding_format": "float"}


async def test_documents_are_ranked(server: ChatServer, remote: RemoteVectors) -> None:
    server.says(gives({"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": -2}]}))
    assert (await remote.rerank("q", ["a", "b"])).scores == [-2.0, 0.9]
    assert server.bodies[0]["documents"] == ["a", "b"]


async def test_a_server_that_is_overloaded_is_asked_again(server: ChatServer, remote: RemoteVectors) -> None:
    server.says(refuses(503, {"error": "busy"}), gives({"data": [{"embedding": [1]}]}))
    assert (await remote.embed(["a"])).vectors == [[1]]
    server.says(refuses(503, {"error": "busy"}))
    with pytest.raises(ModelUnavailable):
        await remote.embed(["a"])


@pytest.mark.parametrize(
    "content",
    [{}, {"data": []}, {"data": [{"embedding": "no"}]}, {"data": [{"embedding": [1]}, {"embedding": [2]}]}, ["no"]],
)
async def test_wrong_answers_are_refused(server: ChatServer, remote: RemoteVectors, content: object) -> None:
    server.says(gives(content))
    with pytest.raises(ModelOutputInvalid):
        await remote.embed(["a"])


async def test_a_wrong_key_is_no_reason_to_try_again(server: ChatServer, remote: RemoteVectors) -> None:
    server.says(refuses(401, {"error": {"message": "wrong key"}}))
    with pytest.raises(ModelNotConfigured, match="wrong key"):
        await remote.embed(["a"])
    assert len(server.bodies) == 1
