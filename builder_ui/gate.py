"""The outermost layer: only our own host names, no foreign page on the socket, and safe headers on every page."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import MutableMapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

__all__ = ["Gate", "content_policy"]


class Gate:
    """Refuses requests by foreign names and sockets of foreign pages, and adds headers.

    Args:
        app: What is behind the gate.
        hosts: Host names, without a port, that are the builder's.
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        known = _name(host) in self._hosts
        if scope["type"] == "websocket":
            if known and urlsplit(headers.get("origin", "")).netloc == host:
                await self._app(scope, receive, send)
            else:
                await WebSocketClose(1008)(scope, receive, send)
            return
        if not known:
            text = f"This builder is not {host!r}. Use its own address, such as http://127.0.0.1.\n"
            await PlainTextResponse(text, 421)(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                _harden(message)
            await send(message)

        await self._app(scope, receive, answer)


def _name(host: str) -> str:
    """Return a Host header without its port; nothing where it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _harden(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(scope=message)
    headers.setdefault("Content-Security-Policy", content_policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"


@cache
def content_policy() -> str:
    """Return the pages' policy: what they load and reach is ours, and no other page frames them.

    Streamlit's page has one script of its own in its text, which is allowed by its hash; a component's script reaches
    the page as a `blob:`.
    """
    import streamlit

    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    inline: list[str] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline]
    scripts = " ".join(f"'sha256-{one}'" for one in hashes)
    return (
        f"default-src 'self'; script-src 'self' blob: {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
