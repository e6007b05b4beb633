"""A chat server of our own, in the process, reached over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from threading import Event, Thread
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Answer = Callable[["ChatServer", dict[str, Any]], Response]


def event(data: object) -> str:
    return f"data: {data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)}\n\n"


def delta(finish: str | None = None, **parts: object) -> str:
    return event({"choices": [{"index": 0, "delta": parts, "finish_reason": finish}]})


def usage(given: int, answered: int) -> str:
    return event({"choices": [], "usage": {"prompt_tokens": given, "completion_tokens": answered}})


DONE = event("[DONE]")
HELLO = [delta(role="assistant"), delta(content="Hel"), delta(content="lo"), delta("stop"), usage(7, 2), DONE]


class ChatServer:
    """Plays answers in order, the last one again and again, and keeps what it was sent."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[Answer] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.ports: list[int] = []
        self.asked = Event()
        self.broken_off = Event()

    def says(self, *answers: Answer) -> None:
        self.answers = list(answers)

    async def chat(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        self.ports.append(request.client.port if request.client else 0)
        self.asked.set()
        return self.answers[min(len(self.bodies), len(self.answers)) - 1](self, self.bodies[-1])


def streams(events: list[str], *, pause: float = 0.0) -> Answer:
    """Send events, with a pause of some seconds before each."""

    def answer(server: ChatServer, body: dict[str, Any]) -> Response:
        async def content() -> AsyncIterator[str]:
            try:
                for item in events:
                    await asyncio.sleep(pause)
                    yield item
            except asyncio.CancelledError:
                server.broken_off.set()
                raise

        return StreamingResponse(content(), media_type="text/event-stream")

    return answer


def refuses(status: int, content: object, **headers: str) -> Answer:
    return lambda server, body: JSONResponse(content, status, {k.replace("_", "-"): v for k, v in headers.items()})


@pytest.fixture(scope="session")
def _chats() -> Iterator[dict[str, ChatServer]]:
    """The chats of one running server, by the first part of the path."""
    chats: dict[str, ChatServer] = {}

    async def chat(request: Request) -> Response:
        return await chats[request.path_params["name"]].chat(request)

    paths = ("chat/completions", "embeddings", "rerank")
    app = Starlette(routes=[Route(f"/{{name}}/v1/{path}", chat, methods=["POST"]) for path in paths])
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="none")
    socket = config.bind_socket()
    chats[""] = ChatServer(f"http://127.0.0.1:{socket.getsockname()[1]}")
    runner = uvicorn.Server(config)
    thread = Thread(target=runner.run, kwargs={"sockets": [socket]})
    thread.start()
    yield chats
    runner.force_exit = runner.should_exit = True
    thread.join(10)
    socket.close()
    assert not thread.is_alive()


@pytest.fixture
def server(_chats: dict[str, ChatServer]) -> ChatServer:
    name = f"chat{len(_chats)}"
    return _chats.setdefault(name, ChatServer(f"{_chats[''].url}/{name}/v1"))
