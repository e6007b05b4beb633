"""One HTTP request of an app: through the guarded client, within the hosts of its policy, within bounds."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from typing import Final, TypeAlias, cast

import httpx

from runtime.base.errors import Json
from runtime.base.http import guarded_client
from runtime.base.networks import Guard, Network, allows

from .errors import ToolError, ToolFailed, ToolOutputInvalid, ToolTimeout, ToolUnavailable
from .ports import ToolFile, ToolResult

__all__ = ["HttpDoor", "HttpFailed"]

Secrets: TypeAlias = Callable[[str], Awaitable[str | None]]

MOST: Final = 5 * 1024 * 1024
"""Bytes of an answer that are read."""
WAIT: Final = 30.0
HOPS: Final = 5
_HIDDEN: Final = ("set-cookie", "authorization", "proxy-authenticate", "www-authenticate")
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_NOTHING_DONE: Final = (429, 503)
"""Answers from 500 on, and the one below, that say that nothing was done."""


class HttpFailed(ToolFailed):
    """A server answered that the request failed; `details` has the status and the beginning of the answer."""

    code = "BG809"
    status = 502


@dataclass(frozen=True, kw_only=True)
class HttpDoor:
    """Sends requests.

    Args:
        secrets: Gives the value of a secret at the moment of a request.
        inner: Networks that are not public and may be reached all the same.
        offline: Whether nothing beyond this machine may be reached.
    """

    secrets: Secrets
    inner: tuple[Network, ...] = ()
    offline: bool = False

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    async def call(
        self,
        arguments: Mapping[str, Json],
        *,
        egress: Sequence[str],
        key: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 the whole call, several phases
    ) -> ToolResult:
        """Send a request and return `{status, headers, data}`, the text of the answer, or its file.

        Args:
            arguments: `method`, `url`, `headers`, `auth`, `accept`; `body` and whether it is `json`; the `seconds` that
                it may take.
            egress: The hosts that may be reached, by redirects too.
            key: Sent as `Idempotency-Key`.
            timeout: The seconds that are left of the budget.

        Raises:
            AddressRefused: The address must not be reached.
            HttpFailed: The server answered that it failed, and that nothing came of it.
            ToolUnavailable: The host cannot be reached.
            ToolTimeout: It took too long.
            ToolError: The answer broke off, so that what came of it is not known; or it is too large.
        """
        longest = float(cast("float", arguments.get("seconds") or WAIT))
        limit = longest if timeout is None else min(timeout, longest)
        try:
            async with asyncio.timeout(limit):
                return await self._send(arguments, egress, key)
        except TimeoutError as error:
            raise ToolTimeout(f"No answer came within {limit:g} s.", where=_shown(arguments)) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            away = ToolUnavailable(f"The host cannot be reached: {error}.", where=_shown(arguments))
            away.undone = True
            raise away from error
        except httpx.InvalidURL as error:
            raise ToolFailed(f"The URL cannot be used: {error}.", where=_shown(arguments)) from error
        except httpx.HTTPError as error:
            raise ToolError(
                f"The answer broke off: {type(error).__name__} {error}.", where=_shown(arguments)
            ) from error

    async def _send(self, arguments: Mapping[str, Json], egress: Sequence[str], key: str | None) -> ToolResult:
        method, url = str(arguments["method"]), httpx.URL(str(arguments["url"]))
        headers = await self._headers(arguments, key)
        body = arguments.get("body")
        content = body.encode() if isinstance(body, str) else None
        for _ in range(HOPS + 1):
            if not allows(egress, str(url)):
                raise ToolFailed(f"The host {url.host!r} is not in policy.egress.", where=_shown(arguments))
            async with (
                self._client(url) as client,
                client.stream(method, url, headers=headers, content=content) as answer,
            ):
                if answer.status_code not in _REDIRECTS or "location" not in answer.headers:
                    return await _read(answer, cast("list[int]", arguments.get("accept") or []), _shown(arguments))
                target = url.join(answer.headers["location"])
                if answer.status_code == 303:
                    method, content = "GET", None
                elif method not in ("GET", "HEAD"):
                    raise ToolError(f"A {method} request was sent on to {target}.", where=_shown(arguments))
            if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
                headers = {name: value for name, value in headers.items() if name in ("accept", "user-agent")}
            url = target
        raise ToolFailed(f"The request was sent on more than {HOPS} times.", where=_shown(arguments))

    def _client(self, url: httpx.URL) -> httpx.AsyncClient:
        port = url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
        guard = Guard(inner=self.inner, ports=frozenset({port}), offline=self.offline)
        return guarded_client(guard, context=self._context)

    async def _headers(self, arguments: Mapping[str, Json], key: str | None) -> dict[str, str]:
        given = cast("dict[str, str]", arguments.get("headers") or {})
        headers = {"accept": "*/*", "user-agent": "baigong", **{name.lower(): value for name, value in given.items()}}
        if arguments.get("body") is not None:
            plain = "application/json" if arguments.get("json") else "text/plain; charset=utf-8"
            headers.setdefault("content-type", plain)
        if key:
            headers.setdefault("idempotency-key", key)
        auth = cast("dict[str, Json]", arguments.get("auth") or {})
        if isinstance(name := auth.get("bearer"), str):
            headers["authorization"] = f"Bearer {await self._secret(name)}"
        if isinstance(name := auth.get("basic"), str):
            headers["authorization"] = f"Basic {base64.b64encode((await self._secret(name)).encode()).decode()}"
        for header, name in cast("dict[str, str]", auth.get("header") or {}).items():
            headers[header.lower()] = await self._secret(name)
        return headers

    async def _secret(self, name: str) -> str:
        value = await self.secrets(name)
        if value is None:
            raise ToolFailed(f"The secret {name!r} is not set.", fix=f"Run: baigong secrets set {name}")
        return value


async def _read(answer: httpx.Response, accept: list[int], where: str) -> ToolResult:
    content = bytearray()
    async for piece in answer.aiter_bytes():
        content += piece
        if len(content) > MOST:
            raise ToolOutputInvalid(f"The answer is larger than {MOST // 1024 // 1024} MiB.", where=where)
    kind, charset = _kind(answer.headers.get("content-type", ""))
    status = answer.status_code
    if status >= 400 and status not in accept:
        said = bytes(content[:500]).decode(charset, "replace")
        failed = HttpFailed if status < 500 or status in _NOTHING_DONE else ToolError
        raise failed(f"The server answered {status}.", where=where, details={"status": status, "answer": said})
    headers: dict[str, Json] = {name: value for name, value in answer.headers.items() if name not in _HIDDEN}
    data: dict[str, Json] = {"status": status, "headers": headers}
    if not _textual(kind) and content:
        name = answer.url.path.rpartition("/")[2] or "answer"
        file = ToolFile(name=name, media_type=kind or "application/octet-stream", content=bytes(content))
        return ToolResult(data=data, text="", files=(file,))
    text = bytes(content).decode(charset, "replace")
    return ToolResult(data={**data, "data": _parsed(text, kind, where)}, text=text)


def _parsed(text: str, kind: str, where: str) -> Json:
    if kind != "application/json" and not kind.endswith("+json"):
        return text
    if not text.strip():
        return None
    try:
        return cast("Json", json.loads(text))
    except ValueError as error:
        raise ToolOutputInvalid(f"The answer says that it is JSON, but it is not: {error}.", where=where) from error


def _kind(header: str) -> tuple[str, str]:
    """Return the media type and a character set that Python knows."""
    message = Message()
    message["content-type"] = header
    charset = message.get_content_charset() or "utf-8"
    try:
        "".encode(charset)
    except LookupError:
        charset = "utf-8"
    return message.get_content_type() if header else "", charset


def _textual(kind: str) -> bool:
    known = ("application/json", "application/xml", "application/x-www-form-urlencoded", "application/javascript")
    return kind == "" or kind.startswith("text/") or kind in known or kind.endswith(("+json", "+xml"))


def _shown(arguments: Mapping[str, Json]) -> str:
    """Return the request without its query, which may hold what should not be in a log."""
    return f"{arguments['method']} {str(arguments['url']).partition('?')[0]}"
