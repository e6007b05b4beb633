"""The way from the builder's own origin to the runtime: `/api/v1/…` is its `/v1/…`, `/api/openai/v1/…` its models.

A browser's credential is its session cookie; no other credential passes, and the builder has none of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Final

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from .cookies import no_cookies
from .errors import RuntimeAway

__all__ = ["COOKIE", "Proxy"]

COOKIE: Final = "baigong_session"

_SENT: Final = (
    "accept", "accept-language", "content-type", "content-length", "origin", "x-baigong", "prefer", "idempotency-key",
    "last-event-id", "if-none-match", "range",
)  # fmt: skip
_MODELS: Final = b"/openai/v1/"
_GONE: Final = 499
_DROPPED: Final = frozenset(("connection", "keep-alive", "transfer-encoding", "server", "date"))


class Proxy:
    """Forwards requests to one runtime, streams included.

    Args:
        runtime: The runtime's address.
    """

    def __init__(self, runtime: str) -> None:
        timeout = httpx.Timeout(None, connect=5.0)
        self._http = httpx.AsyncClient(base_url=runtime, timeout=timeout, trust_env=False, cookies=no_cookies())

    async def forward(self, request: Request) -> Response:
        """Answer with what the runtime answers."""
        headers = {name: request.headers[name] for name in _SENT if name in request.headers}
        if cookie := request.cookies.get(COOKIE):
            headers["cookie"] = f"{COOKIE}={cookie}"
        path = self._target(request)
        if path is None:
            return Response("Not found", 404)
        read = asyncio.Event()
        body = _body(request, read) if request.method in ("POST", "PUT") else None
        sending = asyncio.create_task(self.send(request.method, path, headers, body))
        try:
            if path.raw_path.startswith(_MODELS) and not await _awaited(request, read, sending):
                return Response(status_code=_GONE)
            answer = await sending
        except httpx.TransportError:
            return _away()
        finally:
            sending.cancel()
        kept = [(name, value) for name, value in answer.headers.multi_items() if name not in _DROPPED]
        response = StreamingResponse(_pieces(answer), answer.status_code)
        response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept]
        return response

    def _target(self, request: Request) -> httpx.URL | None:
        """Return the runtime's address for a request, with the very bytes of its path; None for what is not its API."""
        raw: bytes = request.scope["raw_path"].removeprefix(b"/api")
        if not raw.startswith((b"/v1/", _MODELS)):
            return None
        query = request.scope["query_string"]
        return self._http.base_url.copy_with(raw_path=raw + (b"?" + query if query else b""))

    async def send(
        self, method: str, path: httpx.URL | str, headers: dict[str, str], body: AsyncGenerator[bytes] | bytes | None
    ) -> httpx.Response:
        """Send one request and return the answer with its body still to come.

        Raises:
            TransportError: The runtime cannot be reached.
        """
        wanted = self._http.build_request(method, path, headers=headers, content=body)
        return await self._http.send(wanted, stream=True)


def _away() -> Response:
    """Return the problem document (RFC 9457) of a runtime that does not answer."""
    error = RuntimeAway("The runtime does not answer.", fix="Start it again: baigong up")
    shown = error.to_json()
    body = {
        "type": f"urn:baigong:error:{error.code}", "title": HTTPStatus(error.status).phrase, "status": error.status,
        "detail": shown.pop("message"), **shown, "exit_code": error.exit_code,
    }  # fmt: skip
    return JSONResponse(body, error.status, media_type="application/problem+json")


async def _body(request: Request, read: asyncio.Event) -> AsyncGenerator[bytes]:
    async for piece in request.stream():
        yield piece
    read.set()


async def _awaited(request: Request, read: asyncio.Event, sending: asyncio.Task[httpx.Response]) -> bool:
    """Wait for the answer's beginning; say whether the visitor did, too. A model works only for whoever is there."""

    async def left() -> None:
        await read.wait()
        while (await request.receive())["type"] != "http.disconnect":
            pass

    leaving = asyncio.create_task(left())
    try:
        await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
        return sending.done()
    finally:
        leaving.cancel()
        await asyncio.wait([leaving])


async def _pieces(answer: httpx.Response) -> AsyncGenerator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()
