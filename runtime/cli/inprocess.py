"""An HTTP transport to a server in this very process, which passes answers on piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
from starlette.types import ASGIApp, Message

__all__ = ["InProcess"]

_Head = tuple[int, list[tuple[bytes, bytes]]]


class InProcess(httpx.AsyncBaseTransport):
    """Calls an ASGI app. Unlike httpx's own transport it does not wait for the whole answer, so that events stream."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer's head, with its body as a stream."""
        exchange = _Exchange(await request.aread())
        exchange.begin(self._app(_scope(request), exchange.receive, exchange.send))
        status, headers = await exchange.head
        return httpx.Response(status, headers=headers, stream=exchange)


class _Exchange(httpx.AsyncByteStream):
    """One request and its answer."""

    def __init__(self, body: bytes) -> None:
        self.head: asyncio.Future[_Head] = asyncio.get_running_loop().create_future()
        self._body: bytes | None = body
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, work: Any) -> None:  # noqa: ANN401 a coroutine
        self._task = asyncio.create_task(work)
        self._task.add_done_callback(self._finish)

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.head.set_result((message["status"], list(message["headers"])))
        elif message["type"] == "http.response.body":
            self._pieces.put_nowait(message.get("body", b""))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece

    async def aclose(self) -> None:
        self._gone.set()
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._pieces.put_nowait(None)
        error = None if task.cancelled() else task.exception()
        if not self.head.done():
            self.head.set_exception(error or httpx.RemoteProtocolError("the server gave no answer"))


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
    }
