"""The chat format of OpenAI's API: the body of a request, and an answer that is put together from its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk

from ..base.errors import Json
from .endpoint import Endpoint
from .errors import ModelInterrupted, ModelOutputInvalid, ModelRefused
from .failures import failure_of_event
from .strictjson import parse

__all__ = ["Assembly", "body_of"]

PASSED = ("tools", "response_format", "max_tokens", "temperature", "top_p", "seed")
FINISHES = {"length": "length", "tool_calls": "tool_calls", "function_call": "tool_calls"}


def body_of(
    endpoint: Endpoint, messages: list[BaseMessage], stop: list[str] | None, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the body of a streaming request."""
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": convert_to_openai_messages(messages),
        "stream": True,
        "stream_options": {"include_usage": True},
        **{name: options[name] for name in PASSED if options.get(name) is not None},
    }
    if stop:
        body["stop"] = stop
    if options.get("logprobs") is not None or options.get("confidence"):
        body["logprobs"] = True
        body["top_logprobs"] = options.get("logprobs") or None
    if options.get("tool_choice") is not None:
        body["tool_choice"] = _tool_choice(options["tool_choice"])
    return {name: value for name, value in {**body, **endpoint.body}.items() if value is not None}


def _tool_choice(choice: str | dict[str, Any]) -> str | dict[str, Any]:
    """Return a choice as the API has it; LangChain says `any` for `required`, and a tool's bare name for that tool."""
    if isinstance(choice, dict) or choice in ("auto", "none", "required"):
        return choice
    return "required" if choice == "any" else {"type": "function", "function": {"name": choice}}


@dataclass(kw_only=True, slots=True)
class _Call:
    """A tool call that is coming in."""

    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(kw_only=True, slots=True)
class Assembly:
    """An answer that is coming in.

    Tool calls are held back until the answer is whole and every call's arguments are JSON, so that a broken stream
    never leaves half a call behind that somebody could execute.

    Args:
        where: The deployment, for errors.
    """

    where: str
    _calls: dict[int, _Call] = field(default_factory=dict[int, _Call])
    _refusal: str = ""
    _finish: str = ""
    _usage: dict[str, Json] = field(default_factory=dict[str, Json])
    _tokens: list[Json] = field(default_factory=list[Json])

    def read(self, data: str) -> str | None:
        """Take an event's data and return its text: empty where something else has come, None where nothing has.

        Raises:
            ModelError: The server reports an error, or the data is not in the format.
        """
        event = self._parsed(data)
        if event.get("error"):
            raise failure_of_event(event["error"], where=self.where)
        self._usage = _mapping(event.get("usage")) or self._usage
        choice = _mapping(next(iter(_list(event.get("choices"))), None))
        self._finish = _text(choice.get("finish_reason")) or self._finish
        self._tokens += map(_token, _list(_mapping(choice.get("logprobs")).get("content")))
        delta = _mapping(choice.get("delta"))
        return self._take(delta)

    def end(self) -> AIMessageChunk:
        """Return what follows the text: tool calls, usage, and why the answer ends.

        Raises:
            ModelInterrupted: The stream ended before the answer did.
            ModelOutputInvalid: A tool call is broken.
            ModelRefused: The model or a content filter refused.
        """
        if not self._finish:
            raise ModelInterrupted("The answer broke off before its end.", where=self.where)
        if self._refusal or self._finish == "content_filter":
            raise ModelRefused(self._refusal or "A content filter stopped the answer.", where=self.where)
        calls = [self._whole(number, call) for number, call in sorted(self._calls.items())]
        finish = FINISHES.get(self._finish, "tool_calls" if calls else "stop")
        return AIMessageChunk(
            content="",
            tool_call_chunks=calls,
            usage_metadata=_usage(self._usage),
            response_metadata={"finish_reason": finish, **_likelihoods(self._tokens)},
            chunk_position="last",
        )

    def _parsed(self, data: str) -> dict[str, Json]:
        try:
            event = parse(data)
        except ValueError as error:
            raise ModelOutputInvalid(f"The server sent an event that is no JSON: {error}.", where=self.where) from error
        if not isinstance(event, dict):
            raise ModelOutputInvalid("The server sent an event that is no JSON object.", where=self.where)
        return event

    def _take(self, delta: dict[str, Json]) -> str | None:
        refusal, calls = _text(delta.get("refusal")), _list(delta.get("tool_calls"))
        self._refusal += refusal
        for part in calls:
            self._take_call(_mapping(part))
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        return _text(delta.get("content")) or ("" if refusal or calls or thought else None)

    def _take_call(self, part: dict[str, Json]) -> None:
        """Add a part to its call; some servers give no index, and then a part with an id opens a new call."""
        index, said = part.get("index"), _mapping(part.get("function"))
        if not isinstance(index, int):
            index = max(len(self._calls) - (0 if part.get("id") else 1), 0)
        call = self._calls.setdefault(index, _Call())
        call.id = call.id or _text(part.get("id"))
        call.name = call.name or _text(said.get("name"))
        call.arguments += _text(said.get("arguments"))

    def _whole(self, number: int, call: _Call) -> ToolCallChunk:
        """Check a call.

        Raises:
            ModelOutputInvalid: It has no name, or its arguments are no JSON object.
        """
        try:
            arguments = parse(call.arguments or "{}")
        except ValueError as error:
            reason = "The limit of tokens cut it off." if self._finish == "length" else f"{error}."
            raise ModelOutputInvalid(
                f"The arguments of the call of {call.name!r} are no JSON. {reason}", where=self.where
            ) from error
        if not call.name or not isinstance(arguments, dict):
            raise ModelOutputInvalid("A tool call has no name, or arguments that are no object.", where=self.where)
        return tool_call_chunk(
            name=call.name, args=call.arguments or "{}", id=call.id or f"call_{number}", index=number
        )


def _usage(usage: dict[str, Json]) -> UsageMetadata | None:
    given, answered = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not isinstance(given, int) or not isinstance(answered, int):
        return None
    found = UsageMetadata(input_tokens=given, output_tokens=answered, total_tokens=given + answered)
    cached = _mapping(usage.get("prompt_tokens_details")).get("cached_tokens")
    if isinstance(cached, int):
        found["input_token_details"] = {"cache_read": cached}
    return found


def _token(item: Json) -> Json:
    """Return a token's log-probability in our form."""
    entry = _mapping(item)
    told: dict[str, Json] = {name: entry.get(name) for name in ("token", "bytes", "logprob")}
    alternatives = [_mapping(one) for one in _list(entry.get("top_logprobs"))]
    top: list[Json] = [{name: one.get(name) for name in ("token", "bytes", "logprob")} for one in alternatives]
    return {**told, "top": top}


def _likelihoods(tokens: list[Json]) -> dict[str, Any]:
    """Return the tokens' log-probabilities, and the geometric mean of their probabilities."""
    values = [value for one in tokens if isinstance(value := _mapping(one).get("logprob"), int | float)]
    return {"logprobs": tokens, "confidence": exp(sum(values) / len(values))} if values else {}


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
