"""The outermost layer: which host names and origins are served, safe headers, and the counting of requests."""

from __future__ import annotations

import time
from collections.abc import Iterable, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import ForeignHost, ForeignOrigin
from .metrics import Metrics
from .problems import problem

__all__ = ["Gate"]


class Gate:
    """Refuses requests by foreign names, which is how a page elsewhere would reach a server on this machine.

    Args:
        app: What is behind the gate.
        hosts: Host names, without a port, that are this server's.
        origins: Origins whose pages may send requests.
        metrics: Counts the answers.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str], origins: Iterable[str], metrics: Metrics) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._origins = frozenset(origins)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        app = self._refusal(headers, scope["path"]) or self._app
        started = time.perf_counter()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                _harden(message)
                seconds = time.perf_counter() - started
                self._metrics.count(scope["method"], _route(scope), message["status"], seconds)
            await send(message)

        await app(scope, receive, answer)

    def _refusal(self, headers: Headers, path: str) -> ASGIApp | None:
        host = _name(headers.get("host", ""))
        if host not in self._hosts:
            fix = "Use its own address, such as 127.0.0.1."
            return problem(ForeignHost(f"This server is not {host!r}.", where="Host", fix=fix), path)
        origin = headers.get("origin")
        if origin is not None and origin not in self._origins:
            return problem(ForeignOrigin(f"Pages of {origin!r} may not use this server.", where="Origin"), path)
        return None


def _name(host: str) -> str:
    """Return a Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0][1:].lower()
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


def _route(scope: Scope) -> str:
    route: object = scope.get("route")
    return str(getattr(route, "path", "")) or "-"


def _harden(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(scope=message)
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
