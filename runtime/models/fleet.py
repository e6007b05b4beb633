"""All deployments of a process: their models, made when they are first used, and how they fare."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from .deployments import Catalogue, Deployment
from .embedding import Embedded, Embedder, Ranked, Reranker
from .errors import ModelError, ModelNotConfigured
from .health import Health
from .model import StreamingChat
from .ports import Caller
from .routing import Caching, Routing
from .tokens import text_tokens

__all__ = ["Build", "Fleet"]

V = TypeVar("V", Embedded, Ranked)


class Build(Protocol):
    """Makes what a deployment is asked through; each may raise `ModelNotConfigured`."""

    def __call__(self, deployment: Deployment) -> StreamingChat:
        """Make its chat model."""
        ...

    def embedder(self, deployment: Deployment) -> Embedder:
        """Make what embeds."""
        ...

    def reranker(self, deployment: Deployment) -> Reranker:
        """Make what ranks."""
        ...


class Fleet:
    """The deployments.

    Args:
        catalogue: What is declared.
        build: Makes models.
    """

    def __init__(self, catalogue: Catalogue, build: Build) -> None:
        self._build = build
        self._deployments = {one.id: one for one in catalogue.deployments}
        self._healths: dict[str, Health] = {}
        self._chats: dict[str, StreamingChat] = {}
        self._embedders: dict[str, Embedder] = {}
        self._rerankers: dict[str, Reranker] = {}
        self.routing: Routing = catalogue.routing
        self.cache: Caching = catalogue.cache

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """Every deployment, preferred ones first."""
        return tuple(self._deployments.values())

    def find(self, name: str) -> Deployment | None:
        """Return the deployment of an id."""
        return self._deployments.get(name)

    def health(self, deployment: Deployment) -> Health:
        """Return how a deployment fares."""
        if deployment.id not in self._healths:
            self._healths[deployment.id] = Health(deployment.rate, self.routing)
        return self._healths[deployment.id]

    def chat(self, deployment: Deployment) -> StreamingChat:
        """Return a deployment's chat model.

        Raises:
            ModelNotConfigured: It has none, or cannot be used on this machine.
        """
        if deployment.id not in self._chats:
            self._chats[deployment.id] = self._build(deployment)
        return self._chats[deployment.id]

    async def embed(self, name: str, texts: Sequence[str], caller: Caller | None = None) -> Embedded:
        """Return vectors of texts by one deployment: those of another could not be compared with them.

        Raises:
            ModelError: There are none.
        """
        deployment, who = self._with("embed", name), caller or Caller()
        if name not in self._embedders:
            self._embedders[name] = self._build.embedder(deployment)
        model = self._embedders[name]

        async def work() -> Embedded:
            return await model.embed(texts, lane=who.principal, background=who.background)

        return await self._counted(deployment, sum(map(text_tokens, texts)), work)

    async def rerank(self, name: str, query: str, documents: Sequence[str], caller: Caller | None = None) -> Ranked:
        """Return by one deployment how well documents answer a query.

        Raises:
            ModelError: Nobody knows.
        """
        deployment, who = self._with("rerank", name), caller or Caller()
        if name not in self._rerankers:
            self._rerankers[name] = self._build.reranker(deployment)
        model = self._rerankers[name]

        async def work() -> Ranked:
            return await model.rerank(query, documents, lane=who.principal, background=who.background)

        return await self._counted(deployment, sum(map(text_tokens, [query, *documents])), work)

    async def reload(self, catalogue: Catalogue) -> None:
        """Take another catalogue; what has not changed goes on as it is, what has is closed and made anew."""
        before, self._deployments = self._deployments, {one.id: one for one in catalogue.deployments}
        changed = [name for name, one in before.items() if self._deployments.get(name) != one]
        self.cache = catalogue.cache
        if catalogue.routing != self.routing:
            self._healths.clear()
            self.routing = catalogue.routing
        for name in changed:
            self._healths.pop(name, None)
            await self._drop(name)

    async def close(self) -> None:
        """Close every model that was used."""
        for name in {*self._chats, *self._embedders, *self._rerankers}:
            await self._drop(name)

    async def _drop(self, name: str) -> None:
        for made in (self._chats, self._embedders, self._rerankers):
            model = made.pop(name, None)
            if model is not None:
                await model.close()

    def _with(self, cap: str, name: str) -> Deployment:
        deployment = self._deployments.get(name)
        if deployment is None or cap not in deployment.caps:
            raise ModelNotConfigured(f"The deployment lacks {cap}, or there is none of this name.", where=name)
        return deployment

    async def _counted(self, deployment: Deployment, tokens: int, work: Callable[[], Awaitable[V]]) -> V:
        """Do the work of a deployment that may be asked, and note how it fares."""
        health, started = self.health(deployment), time.monotonic()
        refusal = health.refusal(tokens)
        if refusal is not None:
            raise refusal.error(deployment.id)
        health.begin(tokens)
        try:
            found = await work()
        except ModelError as error:
            health.failed(error)
            raise
        else:
            seconds = time.monotonic() - started
            health.succeeded(seconds, seconds, found.tokens)
            return found
        finally:
            health.end()
