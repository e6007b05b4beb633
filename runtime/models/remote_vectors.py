"""Embeddings and ranks of a server: the `/embeddings` of OpenAI, and the `/rerank` that several servers share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any, Final, cast

from ..base.errors import Json
from .deadline import Deadline
from .embedding import Embedded, Ranked
from .endpoint import Endpoint
from .errors import ModelOutputInvalid, ModelUnavailable
from .requester import Connect, Requester, no_key, pause_of, plain_client
from .tokens import text_tokens

__all__ = ["RemoteVectors"]

AT_ONCE: Final = 256
"""Texts of one request."""


class RemoteVectors:
    """Implements `embedding.Embedder` and `embedding.Reranker`.

    Args:
        name: The deployment's id, for errors.
        endpoint: The server.
        key: Gives the API key at the moment of a call.
        connect: Makes the HTTP client.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        *,
        key: Callable[[], Awaitable[str | None]] = no_key,
        connect: Connect = plain_client,
    ) -> None:
        self._where = name
        self._endpoint = endpoint
        self._server = Requester(endpoint, name, key=key, connect=connect)

    async def embed(self, texts: Sequence[str], *, lane: str = "", background: bool = False) -> Embedded:
        """Return a vector for each text; see `embedding.Embedder.embed`."""
        vectors: list[Sequence[float]] = []
        tokens = 0
        for start in range(0, len(texts), AT_ONCE):
            part = [*texts[start : start + AT_ONCE]]
            answer = await self._ask("/embeddings", {"input": part, "encoding_format": "float"})
            vectors += self._placed(answer, "data", len(part), self._vector)
            tokens += _tokens(answer, part)
        return Embedded(vectors=vectors, tokens=tokens)

    async def rerank(self, query: str, documents: Sequence[str], *, lane: str = "", background: bool = False) -> Ranked:
        """Return a score for each document; see `embedding.Reranker.rerank`."""
        answer = await self._ask("/rerank", {"query": query, "documents": [*documents], "top_n": len(documents)})
        scores = self._placed(answer, "results", len(documents), self._score)
        return Ranked(scores=scores, tokens=_tokens(answer, [query, *documents]))

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()

    async def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Json]:
        """Send a request, again where the server is down, overloaded or limits the rate."""
        body = {"model": self._endpoint.model, **body}
        whole = {name: value for name, value in {**body, **self._endpoint.body}.items() if value is not None}
        deadline = Deadline(limits=self._endpoint.limits, where=self._where)
        for attempt in count():
            deadline.attempt()
            try:
                return await self._server.read(path, deadline, whole)
            except ModelUnavailable as error:
                pause = pause_of(error, attempt)
                if attempt >= self._endpoint.retries or not deadline.holds(pause):
                    raise
                await asyncio.sleep(pause)
        raise AssertionError

    def _placed(self, answer: dict[str, Json], key: str, size: int, read: Callable[[Json], Any]) -> list[Any]:
        """Return what the items of a list hold, in the order of their `index`."""
        items = answer.get(key)
        found = {
            cast("int", item.get("index", place)): read(item)
            for place, item in enumerate(items if isinstance(items, list) else ())
            if isinstance(item, dict)
        }
        if sorted(found) != [*range(size)]:
            raise ModelOutputInvalid(f"The server did not answer with {size} items.", where=self._where)
        return [found[place] for place in range(size)]

    def _vector(self, item: Json) -> list[float]:
        vector = item.get("embedding") if isinstance(item, dict) else None
        if not isinstance(vector, list) or not all(isinstance(one, int | float) for one in vector):
            raise ModelOutputInvalid("An embedding is no list of numbers.", where=self._where)
        return cast("list[float]", vector)

    def _score(self, item: Json) -> float:
        score = (item.get("relevance_score", item.get("score"))) if isinstance(item, dict) else None
        if not isinstance(score, int | float):
            raise ModelOutputInvalid("A document has no score.", where=self._where)
        return float(score)


def _tokens(answer: dict[str, Json], texts: Sequence[str]) -> int:
    usage = answer.get("usage")
    said = (usage.get("prompt_tokens") or usage.get("total_tokens")) if isinstance(usage, dict) else None
    return said if isinstance(said, int) else sum(map(text_tokens, texts))
