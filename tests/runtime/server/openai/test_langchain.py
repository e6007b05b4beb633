"""langchain-openai against the service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, SecretStr

from .conftest import OWNER, Live

pytestmark = pytest.mark.anyio


class Fault(BaseModel):
    """A fault."""

    fault: str
    sure: float


def look(place: str) -> str:
    """Look at a place."""
    return place


@pytest.fixture
async def pool() -> AsyncIterator[httpx.AsyncClient]:
    """Connections that somebody closes; langchain-openai leaves that to the garbage collector."""
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


def chat(live: Live, pool: httpx.AsyncClient, model: str, *, responses: bool) -> ChatOpenAI:
    return ChatOpenAI(
        model=model,
        base_url=f"{live.url}/openai/v1",
        api_key=SecretStr(OWNER),
        max_retries=0,
        use_responses_api=responses,
        http_async_client=pool,
    )


@pytest.mark.parametrize("responses", [False, True])
async def test_it_is_invoked_and_streamed(live: Live, pool: httpx.AsyncClient, responses: bool) -> None:
    model = chat(live, pool, "scripted/talk", responses=responses)
    answer = await model.ainvoke("Hi")
    assert (answer.text, bool(answer.usage_metadata)) == ("The seal leaks.", True)
    pieces = [piece.text async for piece in model.astream("Hi")]
    assert "".join(pieces) == "The seal leaks." and len([piece for piece in pieces if piece]) == 4


@pytest.mark.parametrize("responses", [False, True])
async def test_it_calls_tools(live: Live, pool: httpx.AsyncClient, responses: bool) -> None:
    answer = await chat(live, pool, "scripted/tool", responses=responses).bind_tools([look]).ainvoke("Hi")
    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [
        ("look", {"place": "东"}),
        ("look", {"place": "b"}),
    ]


@pytest.mark.parametrize("responses", [False, True])
async def test_it_gives_data(live: Live, pool: httpx.AsyncClient, responses: bool) -> None:
    model: Any = chat(live, pool, "scripted/data", responses=responses).with_structured_output(Fault)
    assert await model.ainvoke("Hi") == Fault(fault="leak", sure=0.5)


async def test_it_embeds(live: Live, pool: httpx.AsyncClient) -> None:
    embeddings = OpenAIEmbeddings(
        model="embedder/words",
        base_url=f"{live.url}/openai/v1",
        api_key=SecretStr(OWNER),
        check_embedding_ctx_length=False,
        http_async_client=pool,
    )
    one, other = await embeddings.aembed_documents(["the pump leaks", "水泵漏水"])
    assert (len(one), len(other)) == (256, 256)
    assert await embeddings.aembed_query("the pump leaks") == pytest.approx(one, abs=1e-6)
