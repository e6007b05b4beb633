"""The same two graphs written by hand in LangGraph behind Starlette.

Run: python -m benchmarks.bare PORT MODEL FOLDER SAVER CLIENT, where SAVER is `sqlite` (LangGraph's own saver) or
`group` (the product's saver, which commits many runs' checkpoints together), and CLIENT is `httpx` (what most examples
use) or `aiohttp` (what the product uses).
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypedDict

import aiohttp
import aiosqlite
import httpx
import uvicorn
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from runtime.base.settings import Settings
from runtime.orchestration.saver import GroupSaver
from runtime.storage import Database, open_home


class State(TypedDict):
    """What the nodes pass on."""

    text: str


Post = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Sends JSON and returns JSON."""


@asynccontextmanager
async def by_httpx() -> AsyncGenerator[Post]:
    """Send with httpx."""
    async with httpx.AsyncClient(trust_env=False) as http:

        async def post(url: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 JSON
            return (await http.post(url, json=body)).json()

        yield post


@asynccontextmanager
async def by_aiohttp() -> AsyncGenerator[Post]:
    """Send with aiohttp."""
    async with aiohttp.ClientSession() as http:

        async def post(url: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 JSON
            async with http.post(url, json=body) as answer:
                return await answer.json()

        yield post


CLIENTS = {"httpx": by_httpx, "aiohttp": by_aiohttp}


def graphs(saver: BaseCheckpointSaver[Any], post: Post, model: str) -> dict[str, Any]:
    """Return the chat and the chain."""

    async def say(state: State) -> State:
        body = {"model": "fake", "messages": [{"role": "user", "content": state["text"]}]}
        answer = await post(f"{model}/chat/completions", body)
        return {"text": answer["choices"][0]["message"]["content"]}

    async def dot(state: State) -> State:
        return {"text": state["text"] + "."}

    chat = StateGraph(State)
    chat.add_node("say", say)
    chat.add_edge(START, "say")
    chat.add_edge("say", END)
    chain = StateGraph(State)
    before = START
    for number in range(10):
        chain.add_node(f"n{number}", dot)
        chain.add_edge(before, f"n{number}")
        before = f"n{number}"
    chain.add_edge(before, END)
    return {"chat": chat.compile(checkpointer=saver), "chain": chain.compile(checkpointer=saver)}


@asynccontextmanager
async def sqlite_saver(folder: Path) -> AsyncGenerator[BaseCheckpointSaver[Any]]:
    """Open LangGraph's saver as its documentation does, with `synchronous=NORMAL`."""
    async with aiosqlite.connect(folder / "bare.db") as connection:
        saver = AsyncSqliteSaver(connection)
        await saver.setup()
        await connection.execute("PRAGMA synchronous=NORMAL")
        yield saver


@asynccontextmanager
async def group_saver(folder: Path) -> AsyncGenerator[BaseCheckpointSaver[Any]]:
    """Open the product's saver over a home of its own."""
    with open_home(Settings(home=folder / "bare")) as home:
        database = await Database.open(home)
        try:
            yield GroupSaver(database.writer, database.reader)
        finally:
            await database.close()


SAVERS = {"sqlite": sqlite_saver, "group": group_saver}


def application(model: str, folder: Path, saver: str, client: str) -> Starlette:
    """Return the server."""
    known: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with SAVERS[saver](folder) as opened, CLIENTS[client]() as post:
            known.update(graphs(opened, post, model))
            yield

    async def run(request: Request) -> JSONResponse:
        body = await request.json()
        config = {"configurable": {"thread_id": uuid.uuid4().hex}}
        graph = known[request.path_params["name"]]
        return JSONResponse(await graph.ainvoke({"text": body["text"]}, config, durability="sync"))

    return Starlette(routes=[Route("/{name}", run, methods=["POST"])], lifespan=lifespan)


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2], Path(sys.argv[3]), sys.argv[4], sys.argv[5]),
        port=int(sys.argv[1]),
        log_level="error",
        access_log=False,
    )
