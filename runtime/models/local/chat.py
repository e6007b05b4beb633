"""A local model as a LangChain chat model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from math import exp
from typing import Any, cast

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from ...base.errors import Json
from ..errors import ModelError, ModelRefused
from ..model import StreamingChat
from .backend import LocalModel
from .decision import Tool, decision_schema, offered, read_decision
from .exchange import MAX_TOKENS, Delta, End, Event, Request
from .plain import Plain, offer, to_plain
from .weights import Weights

__all__ = ["LocalChat"]


class LocalChat(StreamingChat):
    """Answers through a supervised llama.cpp process, which the first call starts.

    Args:
        weights: The model file and how to run it.
        context: Tokens that all conversations in the cache may hold together.
        name: The deployment's id.
    """

    weights: Weights
    context: int = 8192
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
            self._backend = LocalModel(self.weights.file(), self.weights, self.context)
        return self._backend

    async def chunks(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> AsyncGenerator[ChatGenerationChunk]:
        """Yield the answer; closing the generator stops the model.

        Raises:
            ModelError: There is no answer, or it broke off.
        """
        try:
            plain = to_plain(messages)
            if choices := options.get("choices"):
                yield _chunk(await self._choose(plain, choices))
                return
            async with aclosing(self._answer(plain, stop or [], options)) as answer:
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

    async def _choose(self, messages: list[Plain], choices: Sequence[str]) -> AIMessageChunk:
        """Answer with the likeliest choice; `scores` are probabilities among the choices."""
        found = await self.backend.score(messages, choices)
        best = max(found.logprobs)
        weights = [exp(value - best) for value in found.logprobs]
        scores = {choice: weight / sum(weights) for choice, weight in zip(choices, weights, strict=True)}
        message = AIMessageChunk(content=max(scores, key=lambda choice: scores[choice]), chunk_position="last")
        message.usage_metadata = _usage(found.prompt, found.labels)
        message.response_metadata = {"finish_reason": "stop", "scores": scores, "model_name": self.name}
        return message

    async def _answer(
        self, messages: list[Plain], stop: list[str], options: Mapping[str, Any]
    ) -> AsyncGenerator[AIMessageChunk]:
        tools, must = offered(options.get("tools") or (), options.get("tool_choice"))
        request = _request(messages, stop, tools, options, must=must)
        said: list[str] = []
        async with aclosing(self.backend.generate(request)) as events:
            async for event in events:
                if isinstance(event, Delta):
                    said.append(event.text)
                if message := self._message(event, "".join(said) if tools else None):
                    yield message

    def _message(self, event: Event, decision: str | None) -> AIMessageChunk | None:
        """Return what to show of an event; a decision between tools is shown when it is made."""
        match event:
            case Delta() if decision is None:
                return AIMessageChunk(content=event.text)
            case End():
                message = AIMessageChunk(content="") if decision is None else read_decision(decision)
                return self._last(message, event)
            case _:
                return None

    def _last(self, message: AIMessageChunk, end: End) -> AIMessageChunk:
        message.usage_metadata = _usage(end.usage["prompt"], end.usage["completion"], end.usage["cached"])
        finish = "length" if end.reason == "length" else "stop"
        message.response_metadata = {
            "finish_reason": "tool_calls" if message.tool_call_chunks else finish,
            "shortened": end.reason == "closed",
            "model_name": self.name,
            "timings": dict(end.timings),
        }
        message.chunk_position = "last"
        return message


def _chunk(message: AIMessageChunk) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=message)


def _request(
    messages: list[Plain], stop: list[str], tools: Sequence[Tool], options: Mapping[str, Any], *, must: bool
) -> Request:
    schema = _schema(options.get("response_format"))
    if tools:
        messages, schema = offer(messages, tools, must=must), decision_schema(tools, schema, must=must)
    return Request(
        messages=messages,
        schema=schema,
        stop=stop,
        max_tokens=int(options.get("max_tokens") or MAX_TOKENS),
        temperature=float(options.get("temperature") or 0.0),
    )


def _schema(form: object) -> Mapping[str, Json] | None:
    """Return the JSON Schema of a `response_format`, or None for text."""
    match form:
        case None | {"type": "text"}:
            return None
        case {"type": "json_schema"}:
            return cast("dict[str, dict[str, dict[str, Json]]]", form)["json_schema"]["schema"]
        case {"type": "json_object"}:
            return {"type": "object"}
        case _:
            raise ModelRefused("The `response_format` is unknown.", fix="Use `json_schema`, `json_object` or `text`.")


def _usage(given: int, answered: int, cached: int = 0) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=given,
        output_tokens=answered,
        total_tokens=given + answered,
        input_token_details={"cache_read": cached},
    )
