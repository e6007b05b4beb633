"""A client of any OpenAI-compatible chat server: OpenAI, vLLM, Ollama, llama-server, a gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import Field, PrivateAttr

from .deadline import Deadline
from .endpoint import Endpoint
from .errors import ModelInterrupted, ModelOutputInvalid, ModelUnavailable
from .model import StreamingChat
from .requester import Connect, Requester, named, no_key, pause_of, plain_client
from .sse import events
from .wire import Assembly, body_of

if TYPE_CHECKING:
    import aiohttp

__all__ = ["RemoteChat"]

LAST_READ = 0.1
DONE = "[DONE]"


class RemoteChat(StreamingChat):
    """One model of one server.

    Args:
        name: The deployment's id, for errors.
        endpoint: The server.
        key: Gives the API key at the moment of a call; it is kept nowhere.
        connect: Makes the HTTP client.
    """

    endpoint: Endpoint
    key: Callable[[], Awaitable[str | None]] = Field(default=no_key, repr=False, exclude=True)
    connect: Connect = Field(default=plain_client, repr=False, exclude=True)
    _requester: Requester | None = PrivateAttr(default=None)

    @property
    def _llm_type(self) -> str:
        return "baigong-remote"

    @property
    def _where(self) -> str:
        return self.name or self.endpoint.url

    @property
    def _server(self) -> Requester:
        if self._requester is None:
            self._requester = Requester(self.endpoint, self._where, key=self.key, connect=self.connect)
        return self._requester

    async def close(self) -> None:
        """Close the connections of this event loop; a later call opens new ones."""
        await self._server.close()

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
                pause = pause_of(error, attempt)
                if deadline.started or attempt >= self.endpoint.retries or not deadline.holds(pause):
                    raise
                await asyncio.sleep(pause)
            else:
                return

    async def _attempt(self, body: dict[str, Any], deadline: Deadline) -> AsyncGenerator[AIMessageChunk]:
        assembly = Assembly(where=self._where)
        async with self._server.ask("/chat/completions", deadline, body) as response:
            self._check(response)
            async with aclosing(self._events(response, deadline)) as found:
                async for data in found:
                    piece = assembly.read(data)
                    if piece is not None:
                        deadline.token()
                    if piece:
                        yield AIMessageChunk(content=piece)
        yield assembly.end()

    def _check(self, response: aiohttp.ClientResponse) -> None:
        """Raise unless the response is a stream of events."""
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
                    raise ModelInterrupted(f"The connection broke: {named(error)}.", where=self._where) from error
                except ValueError as error:
                    raise ModelOutputInvalid(f"The stream cannot be read: {error}.", where=self._where) from error
                if data == DONE:
                    break
                yield data
            # A body that was read to its end leaves the connection open for the next call.
            with suppress(TimeoutError, ValueError, aiohttp.ClientError):
                async with asyncio.timeout(LAST_READ):
                    await anext(found, None)
