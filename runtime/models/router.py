"""The router: which deployment answers a request, and which one when that one cannot.

The order is the need's `prefer`, its `fallback`, and then every other deployment in the order of their declaration.
Deployments without the capabilities or the context are passed over. The next one is tried when one is unavailable, too
slow or not usable as it is set up, as long as nothing of an answer has been shown to anybody; an answer that is wrong,
and a request that was refused, are final.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from langchain_core.messages import AIMessageChunk

from agents.context import ModelReply, ModelRequest
from agents.spec.document import ModelNeed
from agents.spec.resources import ModelInfo

from ..base.errors import Json
from .chat import to_messages, to_options, to_reply, to_usage
from .deployments import Deployment
from .errors import ModelError, ModelNotConfigured, ModelsFailed, ModelTimeout, ModelUnavailable
from .model import StreamingChat
from .ports import Delta, ModelAnswer, Offer
from .tokens import input_tokens, least_tokens

__all__ = ["Build", "Router"]

Build: TypeAlias = Callable[[Deployment], StreamingChat]
"""Makes the chat model of a deployment; it may raise `ModelNotConfigured`."""

ANY = "any"
NEXT = (ModelUnavailable, ModelTimeout, ModelNotConfigured)


@dataclass(slots=True)
class _Screen:
    """Passes an answer's text on, and remembers whether it did."""

    on_delta: Delta | None
    shown: bool = False

    def show(self, text: str) -> None:
        if text and self.on_delta:
            self.shown = True
            self.on_delta(text)


@dataclass(slots=True)
class _Tries:
    """The deployments that one call has asked so far, and what those that failed have used up."""

    screen: _Screen
    failed: list[tuple[str, ModelError]] = field(default_factory=list[tuple[str, ModelError]])
    wasted: dict[str, float] = field(default_factory=dict[str, float])

    def waste(self, usage: Mapping[str, Json]) -> None:
        for kind, amount in usage.items():
            if isinstance(amount, int | float):
                self.wasted[kind] = self.wasted.get(kind, 0) + amount


class Router:
    """A `ModelHub` over deployments.

    Args:
        deployments: Every deployment, the ones to be chosen first, if nobody names any, in front.
        build: Makes a deployment's model when it is first used.
    """

    def __init__(self, deployments: Iterable[Deployment], build: Build) -> None:
        self._deployments = {deployment.id: deployment for deployment in deployments}
        self._build = build
        self._models: dict[str, StreamingChat] = {}

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """Every deployment, preferred ones first."""
        return tuple(self._deployments.values())

    async def call(
        self,
        request: ModelRequest,
        need: ModelNeed,
        *,
        only: Collection[str] | None = None,
        on_delta: Delta | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 see `ModelHub.call`
    ) -> ModelAnswer:
        """Answer a request by the first deployment that can; see `ModelHub.call`."""
        tries = _Tries(_Screen(on_delta))
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                return await self._first(request, need, only, tries)
        except ModelError as error:
            error.usage = {**tries.wasted}
            raise
        except TimeoutError as error:
            if not limit.expired():
                raise
            late = ModelTimeout(
                f"No answer came within {timeout:g} s.", where=request.model, details=_attempts(tries.failed)
            )
            late.usage = {**tries.wasted}
            raise late from error

    def infos(self, need: ModelNeed) -> tuple[ModelInfo, ...]:
        """Return the deployments that fit, preferred ones first."""
        return tuple(
            ModelInfo(id=deployment.id, caps=deployment.caps, context=deployment.context)
            for deployment in self._order(need)
            if _lack(deployment, need) is None
        )

    def offers(self, request: ModelRequest, need: ModelNeed) -> list[Offer]:
        """Return the deployments that can answer a request; see `ModelHub.offers`."""
        given = input_tokens(request)
        found: list[Offer] = []
        for deployment in self._able(request, need):
            answer = request.max_tokens or deployment.max_tokens
            amounts = {"tokens": float(given + answer), "usd": deployment.price.of(given, answer)}
            found.append(Offer(deployment.id, amounts))
        if not found:
            raise self._nobody(request, need)
        return found

    async def close(self) -> None:
        """Close every model that was used."""
        models, self._models = self._models, {}
        for model in models.values():
            await model.close()

    async def _first(
        self, request: ModelRequest, need: ModelNeed, only: Collection[str] | None, tries: _Tries
    ) -> ModelAnswer:
        for deployment in self._able(request, need):
            if only is not None and deployment.id not in only:
                continue
            try:
                reply = await self._ask(deployment, request, tries)
            except NEXT as error:
                if tries.screen.shown:
                    raise
                tries.failed.append((deployment.id, error))
            else:
                return ModelAnswer(reply=reply, deployment=deployment.id, wasted=tries.wasted)
        raise _failure(request, tries.failed) if tries.failed else self._nobody(request, need)

    async def _ask(self, deployment: Deployment, request: ModelRequest, tries: _Tries) -> ModelReply:
        """Stream one deployment's answer."""
        started = time.monotonic()
        model = self._model(deployment)
        chunks: list[AIMessageChunk] = []
        # Not through LangChain's own `astream`: nobody listens to its callbacks, and prompts go to nobody else but the
        # deployment, whatever LangSmith's environment variables say.
        answer = model.chunks(to_messages(request, deployment), None, to_options(request, deployment))
        try:
            async with aclosing(answer) as stream:
                async for chunk in stream:
                    message = cast("AIMessageChunk", chunk.message)
                    chunks.append(message)
                    tries.screen.show(str(message.text))
            return to_reply(_whole(chunks), request, deployment, time.monotonic() - started)
        except BaseException:
            if chunks:
                tries.waste(to_usage(_whole(chunks), request, deployment, time.monotonic() - started))
            raise

    def _model(self, deployment: Deployment) -> StreamingChat:
        if deployment.id not in self._models:
            self._models[deployment.id] = self._build(deployment)
        return self._models[deployment.id]

    def _able(self, request: ModelRequest, need: ModelNeed) -> Iterator[Deployment]:
        """Yield the deployments that can answer this very request, in order."""
        least = least_tokens(request)
        for deployment in self._order(need):
            fits = _lack(deployment, need) is None and least <= deployment.context
            if fits and ("tools" in deployment.caps or not request.tools):
                yield deployment

    def _order(self, need: ModelNeed) -> Iterable[Deployment]:
        named = [found for pattern in (*need.prefer, *need.fallback) for found in self._matching(pattern)]
        return {deployment.id: deployment for deployment in (*named, *self._deployments.values())}.values()

    def _matching(self, pattern: str) -> list[Deployment]:
        """Return the deployments that a need's name means: one by its id, or all of a kind for `kind/any`."""
        if pattern in self._deployments:
            return [self._deployments[pattern]]
        kind, _, name = pattern.partition("/")
        return [found for found in self._deployments.values() if name == ANY and found.kind == kind]

    def _nobody(self, request: ModelRequest, need: ModelNeed) -> ModelNotConfigured:
        wrong = [f"{found.id} {_lack(found, need) or _misfit(found, request)}" for found in self._order(need)]
        return ModelNotConfigured(
            f"No deployment fits the model {request.model!r}: {'; '.join(wrong) or 'there is none'}.",
            where=request.model,
            fix="Declare one that does in models.yaml.",
        )


def _whole(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    first, *rest = chunks
    return first + rest if rest else first


def _lack(deployment: Deployment, need: ModelNeed) -> str | None:
    """Say what a deployment lacks for a need, if anything."""
    missing = sorted(set(need.caps) - deployment.caps)
    if missing:
        return f"lacks {', '.join(missing)}"
    if need.context is not None and deployment.context < need.context:
        return f"has a context of {deployment.context} tokens"
    return None


def _misfit(deployment: Deployment, request: ModelRequest) -> str:
    """Say why a deployment that fits the need cannot answer the request."""
    if request.tools and "tools" not in deployment.caps:
        return "lacks tools"
    return f"has a context of {deployment.context} tokens, fewer than the messages"


def _attempts(failed: list[tuple[str, ModelError]]) -> dict[str, Json]:
    return {"attempts": [{"deployment": name, **error.to_json()} for name, error in failed]}


def _failure(request: ModelRequest, failed: list[tuple[str, ModelError]]) -> ModelError:
    """Return the one error for all attempts: a single attempt's own one, else one that lists them."""
    if len(failed) == 1:
        return failed[0][1]
    retryable = any(error.retryable for _, error in failed)
    said = "; ".join(f"{name}: {error.code} {error.message}" for name, error in failed)
    failure = ModelsFailed if retryable else ModelNotConfigured
    made = failure(f"No deployment could answer. {said}", where=request.model, details=_attempts(failed))
    made.__cause__ = failed[-1][1]
    return made
