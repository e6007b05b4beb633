"""A client of any OpenAI-compatible chat server: OpenAI, vLLM, Ollama, llama-server, a gateway."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import Field, PrivateAttr

from .deadline import Deadline
from .endpoint import Endpoint, Limits
from .errors import ModelInterrupted, ModelNotConfigured, ModelOutputInvalid, ModelUnavailable
from .failures import failure_of_response, seconds_of
from .model import StreamingChat
from .sse import events
from .wire import Assembly, body_of

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Connect", "RemoteChat", "plain_client"]

Connect = Callable[[Limits], Any]
"""Makes the HTTP client of a deployment: aiohttp's, which takes a tenth of the time that httpx takes for a call,
and is loaded for the first call only."""

FIRST_PAUSE = 0.5
MAX_ERROR_BYTES = 64 * 1024
OK = 200
LAST_READ = 0.1
DONE = "[DONE]"


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


async def _no_key() -> str | None:
    return None


class RemoteChat(StreamingChat):
    """One model of one server.

    Args:
        name: The deployment's id, for errors.
        endpoint: The server.
        key: Gives the API key at the moment of a call; it is kept nowhere.
        connect: Makes the HTTP client.
    """

    endpoint: Endpoint
    key: Callable[[], Awaitable[str | None]] = Field(default=_no_key, repr=False, exclude=True)
    connect: Connect = Field(default=plain_client, repr=False, exclude=True)
    _clients: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = PrivateAttr(
        default_factory=WeakKeyDictionary
    )

    @property
    def _llm_type(self) -> str:
        return "baigong-remote"

    @property
    def _where(self) -> str:
        return self.name or self.endpoint.url

    async def close(self) -> None:
        """Close the connections of this event loop; a later call opens new ones."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client:
            await client.close()

    async def chunks(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> AsyncGenerator[ChatGenerationChunk]:
        """Stream the answer; tool calls come whole, in the last chunk.

        As long as no token has come, a server that is down, overloaded or limiting the rate is asked again, after the
        pause that it asks for or an exponential one.

        Raises:
            ModelError: There is no answer, or it broke off.
        """
        body = body_of(self.endpoint, messages, stop, options)
        deadline = Deadline(limits=self.endpoint.limits, where=self._where)
        for attempt in count():
            deadline.attempt()
            try:
                async with aclosing(self._attempt(body, deadline)) as chunks:
                    async for chunk in chunks:
                        yield ChatGenerationChunk(message=chunk)
            except ModelUnavailable as error:
                pause = _pause(error, attempt)
                if deadline.started or attempt >= self.endpoint.retries or not deadline.holds(pause):
                    raise
                await asyncio.sleep(pause)
            else:
                return

    async def _attempt(self, body: dict[str, Any], deadline: Deadline) -> AsyncGenerator[AIMessageChunk]:
        assembly = Assembly(where=self._where)
        async with self._response(body, deadline) as response, aclosing(self._events(response, deadline)) as found:
            async for data in found:
                piece = assembly.read(data)
                if piece is not None:
                    deadline.token()
                if piece:
                    yield AIMessageChunk(content=piece)
        yield assembly.end()

    @asynccontextmanager
    async def _response(self, body: dict[str, Any], deadline: Deadline) -> AsyncGenerator[aiohttp.ClientResponse]:
        """Send a request; the response is closed on every way out.

        Raises:
            ModelError: The server cannot be reached, or answers with an error.
        """
        import aiohttp

        key = await self._key()
        client = self._open()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        sent = client.post(f"{self.endpoint.url}/chat/completions", json=body, headers=headers, allow_redirects=False)
        try:
            response = await deadline.wait(sent)
        except aiohttp.ClientError as error:
            raise ModelUnavailable(f"The server cannot be reached: {_named(error)}.", where=self._where) from error
        try:
            await self._check(response, deadline, key)
            yield response
        finally:
            response.close()  # unless it was read to its end

    def _open(self) -> aiohttp.ClientSession:
        """Return the client of this event loop: a connection cannot be shared between two."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = self.connect(self.endpoint.limits)
        return self._clients[loop]

    async def _check(self, response: aiohttp.ClientResponse, deadline: Deadline, key: str | None) -> None:
        """Raise unless the response is a stream of events."""
        if response.status != OK:
            content = await deadline.wait(_beginning(response))
            wait = seconds_of(response.headers.get("Retry-After"))
            raise failure_of_response(response.status, content, where=self._where, retry_after=wait, key=key)
        kind = response.headers.get("Content-Type", "")
        if not kind.startswith("text/event-stream"):
            raise ModelOutputInvalid(f"The server does not stream: it sent {kind or 'no type'!r}.", where=self._where)

    async def _events(self, response: aiohttp.ClientResponse, deadline: Deadline) -> AsyncGenerator[str]:
        """Yield the data of the events up to the last.

        Raises:
            ModelError: The connection broke, was too slow, or brought no events.
        """
        import aiohttp

        async with aclosing(events(response.content.iter_any())) as found:
            while True:
                try:
                    data = await deadline.wait(anext(found, DONE))
                except aiohttp.ClientError as error:
                    raise ModelInterrupted(f"The connection broke: {_named(error)}.", where=self._where) from error
                except ValueError as error:
                    raise ModelOutputInvalid(f"The stream cannot be read: {error}.", where=self._where) from error
                if data == DONE:
                    break
                yield data
            # A body that was read to its end leaves the connection open for the next call.
            with suppress(TimeoutError, ValueError, aiohttp.ClientError):
                async with asyncio.timeout(LAST_READ):
                    await anext(found, None)

    async def _key(self) -> str | None:
        """Return the API key.

        Raises:
            ModelNotConfigured: It is not set, or cannot be sent.
        """
        if self.endpoint.key is None:
            return None
        key = (await self.key() or "").strip()
        if not key:
            fix = f"Set it with `baigong secrets set {self.endpoint.key}`."
            raise ModelNotConfigured(f"The secret {self.endpoint.key!r} is not set.", where=self._where, fix=fix)
        if not (key.isascii() and key.isprintable()):
            # The HTTP library would refuse it with a message that has the key in it.
            raise ModelNotConfigured(f"The secret {self.endpoint.key!r} is no API key.", where=self._where)
        return key


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    content = b""
    async for block in response.content.iter_any():
        content += block
        if len(content) >= MAX_ERROR_BYTES:
            break
    return content[:MAX_ERROR_BYTES]


def _pause(error: ModelUnavailable, attempt: int) -> float:
    """Return the seconds before the next attempt, with jitter where the server names none."""
    asked = error.details.get("retry_after")
    if isinstance(asked, float):
        return asked
    return FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311 no secret depends on it


def _named(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
