"""Requests to a server of models: its connections, its key, and what it says when it does not answer."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ..base.errors import Json
from .deadline import Deadline
from .endpoint import Endpoint, Limits
from .errors import ModelInterrupted, ModelNotConfigured, ModelOutputInvalid, ModelUnavailable
from .failures import failure_of_response, seconds_of
from .strictjson import parse

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Connect", "Requester", "named", "no_key", "pause_of", "plain_client"]

Connect = Callable[[Limits], Any]
"""Makes the HTTP client of a deployment: aiohttp's, which takes a tenth of the time that httpx takes for a call,
and is loaded for the first call only."""

MAX_ERROR_BYTES = 64 * 1024
MOST_BYTES = 64 * 1024 * 1024
OK = 200
FIRST_PAUSE = 0.5


def plain_client(limits: Limits) -> aiohttp.ClientSession:
    """Return a client that keeps no cookies and takes no proxy from the environment; reading is `Deadline`'s."""
    import aiohttp

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=_certificates()),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect),
    )


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Trust the public authorities, and those that the machine trusts."""
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context


async def no_key() -> str | None:
    """Give no key."""
    return None


class Requester:
    """Sends requests to one server.

    Args:
        endpoint: The server.
        where: The deployment, for errors.
        key: Gives the API key at the moment of a call; it is kept nowhere.
        connect: Makes the HTTP client.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        where: str,
        *,
        key: Callable[[], Awaitable[str | None]] = no_key,
        connect: Connect = plain_client,
    ) -> None:
        self.endpoint = endpoint
        self.where = where
        self._secret = key
        self._connect = connect
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()

    async def close(self) -> None:
        """Close the connections of this event loop; a later call opens new ones."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client:
            await client.close()

    @asynccontextmanager
    async def ask(
        self, path: str, deadline: Deadline, body: dict[str, Any] | None = None
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """Send a request; the response is closed on every way out.

        Args:
            path: What is asked, behind the server's base address.
            deadline: How long it may take.
            body: The body, which is posted; without one something is got.

        Raises:
            ModelError: The server cannot be reached, or answers with an error.
        """
        import aiohttp

        key = await self._key()
        client = self._open()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        method, url = ("GET" if body is None else "POST"), f"{self.endpoint.url}{path}"
        sent = client.request(method, url, json=body, headers=headers, allow_redirects=False)
        try:
            response = await deadline.wait(sent)
        except aiohttp.ClientError as error:
            raise ModelUnavailable(f"The server cannot be reached: {named(error)}.", where=self.where) from error
        try:
            await self._check(response, deadline, key)
            yield response
        finally:
            response.close()  # unless it was read to its end

    async def read(self, path: str, deadline: Deadline, body: dict[str, Any] | None = None) -> dict[str, Json]:
        """Return the JSON object that the server answers with; arguments as of `ask`.

        Raises:
            ModelError: The server cannot be reached, or answers with an error or with something else.
        """
        import aiohttp

        async with self.ask(path, deadline, body) as response:
            try:
                content = await deadline.wait(response.content.read(MOST_BYTES + 1))
                while len(content) <= MOST_BYTES and (more := await deadline.wait(response.content.read(MOST_BYTES))):
                    content += more
            except aiohttp.ClientError as error:
                raise ModelInterrupted(f"The connection broke: {named(error)}.", where=self.where) from error
        if len(content) > MOST_BYTES:
            raise ModelOutputInvalid(f"The answer has more than {MOST_BYTES:,} bytes.", where=self.where)
        try:
            answer = parse(content.decode())
        except ValueError as error:
            raise ModelOutputInvalid(f"The server's answer is no JSON: {error}.", where=self.where) from error
        if not isinstance(answer, dict):
            raise ModelOutputInvalid("The server's answer is no JSON object.", where=self.where)
        return answer

    def _open(self) -> aiohttp.ClientSession:
        """Return the client of this event loop: a connection cannot be shared between two."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = self._connect(self.endpoint.limits)
        return self._clients[loop]

    async def _check(self, response: aiohttp.ClientResponse, deadline: Deadline, key: str | None) -> None:
        """Raise where the server answers with an error."""
        if response.status != OK:
            content = await deadline.wait(_beginning(response))
            wait = seconds_of(response.headers.get("Retry-After"))
            raise failure_of_response(response.status, content, where=self.where, retry_after=wait, key=key)

    async def _key(self) -> str | None:
        """Return the API key.

        Raises:
            ModelNotConfigured: It is not set, or cannot be sent.
        """
        if self.endpoint.key is None:
            return None
        key = (await self._secret() or "").strip()
        if not key:
            fix = f"Set it with `baigong secrets set {self.endpoint.key}`."
            raise ModelNotConfigured(f"The secret {self.endpoint.key!r} is not set.", where=self.where, fix=fix)
        if not (key.isascii() and key.isprintable()):
            # The HTTP library would refuse it with a message that has the key in it.
            raise ModelNotConfigured(f"The secret {self.endpoint.key!r} is no API key.", where=self.where)
        return key


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    content = b""
    async for block in response.content.iter_any():
        content += block
        if len(content) >= MAX_ERROR_BYTES:
            break
    return content[:MAX_ERROR_BYTES]


def named(error: Exception) -> str:
    """Return an exception's name and text."""
    return f"{type(error).__name__} {error}".strip()


def pause_of(error: ModelUnavailable, attempt: int) -> float:
    """Return the seconds before the next attempt, with jitter where the server names none."""
    asked = error.details.get("retry_after")
    if isinstance(asked, float):
        return asked
    return FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311 no secret depends on it
