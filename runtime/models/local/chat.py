"""A local model as a LangChain chat model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from math import exp
from statistics import fmean
from typing import Any, cast

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk
from pydantic import Field, PrivateAttr

from ...base.errors import Json
from ..errors import ModelError
from ..model import StreamingChat
from .backend import LocalModel
from .exchange import Delta, End, Traced
from .options import CallOptions, read_caller, read_options
from .plain import Plain, to_plain
from .residents import Residents
from .telling import Telling
from .turns import Caller
from .weights import Weights

__all__ = ["LocalChat"]


class LocalChat(StreamingChat):
    """Answers through a supervised llama.cpp process, which the first call starts.

    Args:
        weights: The model file and how to run it.
        context: Tokens that a prompt and its answer may have together.
        name: The deployment's id.
        allow_unlisted: Whether a file may be used whose digest nobody has listed.
        residents: The local models that share the machine's memory; None is no budget.
    """

    weights: Weights
    context: int = 8192
    allow_unlisted: bool = True
    residents: Residents | None = Field(default=None, exclude=True)
    _backend: LocalModel | None = PrivateAttr(default=None)

    @property
    def _llm_type(self) -> str:
        return "baigong-local"

    @property
    def backend(self) -> LocalModel:
        """The supervised model.

        Raises:
            ModelNotConfigured: There is no model file.
        """
        if self._backend is None:
            self._backend = LocalModel(
                self.weights.file(),
                self.weights,
                self.context,
                allow_unlisted=self.allow_unlisted,
                residents=self.residents,
            )
        return self._backend

    async def chunks(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> AsyncGenerator[ChatGenerationChunk]:
        """Yield the answer; closing the generator stops the model.

        Raises:
            ModelError: There is no answer, or it broke off.
        """
        try:
            caller = read_caller(options)
            if choices := options.get("choices"):
                yield _chunk(await self._choose(to_plain(messages), choices, caller))
                return
            async with aclosing(self._answer(messages, read_options(options, stop), caller)) as answer:
                async for message in answer:
                    yield _chunk(message)
        except ModelError as error:
            error.where = error.where or self.name
            raise

    async def count(self, messages: list[BaseMessage]) -> int:
        """Return how many tokens the messages have, with the chat template around them.

        Raises:
            ModelError: The model could not be started.
        """
        return await self.backend.count(to_plain(messages))

    async def close(self) -> None:
        """End the process; a later call starts it again."""
        backend, self._backend = self._backend, None
        if backend:
            await backend.close()

    async def _choose(self, messages: list[Plain], choices: Sequence[str], caller: Caller) -> AIMessageChunk:
        """Answer with the likeliest choice; `scores` are probabilities among the choices."""
        found = await self.backend.score(messages, choices, caller)
        best = max(found.logprobs)
        weights = [exp(value - best) for value in found.logprobs]
        scores = {choice: weight / sum(weights) for choice, weight in zip(choices, weights, strict=True)}
        message = AIMessageChunk(content=max(scores, key=lambda choice: scores[choice]), chunk_position="last")
        message.usage_metadata = _usage(found.prompt, found.labels)
        message.response_metadata = {"finish_reason": "stop", "scores": scores, "model_name": self.name}
        return message

    async def _answer(
        self, messages: Sequence[BaseMessage], options: CallOptions, caller: Caller
    ) -> AsyncGenerator[AIMessageChunk]:
        # Data that is no call is held to its schema by the other way: a decision.
        markup = await self.backend.markup() if options.tools and options.schema is None else None
        telling, tokens = Telling(options, markup), list[Mapping[str, Json]]()
        async with aclosing(self.backend.generate(options.request(messages, markup), caller)) as events:
            async for event in events:
                match event:
                    case Delta(text):
                        if shown := telling.feed(text):
                            yield AIMessageChunk(content=shown)
                    case Traced(more):
                        tokens += more
                    case End():
                        yield self._last(telling.end(), event, _traced(tokens, options))
                    case _:
                        pass

    def _last(self, message: AIMessageChunk, end: End, traced: Mapping[str, Json]) -> AIMessageChunk:
        message.usage_metadata = _usage(end.usage["prompt"], end.usage["completion"], end.usage["cached"])
        finish = "length" if end.reason == "length" else "stop"
        message.response_metadata = {
            "finish_reason": "tool_calls" if message.tool_call_chunks else finish,
            "shortened": end.reason == "closed",
            "model_name": self.name,
            "timings": dict(end.timings),
            **traced,
        }
        message.chunk_position = "last"
        return message


def _chunk(message: AIMessageChunk) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=message)


def _traced(tokens: Sequence[Mapping[str, Json]], options: CallOptions) -> dict[str, Json]:
    """Return what was asked for about the answer's tokens; an answer without any has no confidence."""
    found: dict[str, Json] = {}
    if options.logprobs is not None:
        found["logprobs"] = [dict(token) for token in tokens]
    if options.confidence and tokens:
        found["confidence"] = exp(fmean(cast("float", token["logprob"]) for token in tokens))
    return found


def _usage(given: int, answered: int, cached: int = 0) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=given,
        output_tokens=answered,
        total_tokens=given + answered,
        input_token_details={"cache_read": cached},
    )
