"""The keyword arguments of a call, read and checked before any process is asked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from langchain_core.messages import BaseMessage

from ...base.errors import Json
from ..errors import ModelRefused
from .decision import offered
from .exchange import MAX_TOKENS, Request
from .markup import Markup
from .plain import offer, to_native, to_plain
from .toolschema import Tool, decision_schema
from .turns import Caller

__all__ = ["CallOptions", "read_caller", "read_options"]

MOST_LOGPROBS: Final = 20
"""Alternatives of a token that may be wanted."""
TOP_P: Final = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOptions:
    """What a call wants; `StreamingChat` describes the keyword arguments."""

    tools: Sequence[Tool]
    must: bool
    schema: Mapping[str, Json] | None
    stop: Sequence[str]
    max_tokens: int
    temperature: float
    top_p: float
    seed: int
    logprobs: int | None
    confidence: bool

    def request(self, messages: Sequence[BaseMessage], markup: Markup | None = None) -> Request:
        """Return the request.

        Args:
            messages: The conversation.
            markup: How the model writes calls; one that knows no tools decides by JSON.

        Raises:
            ModelRefused: A message holds what is no text.
        """
        schema, plain = self.schema, to_native(messages) if markup else to_plain(messages)
        if self.tools and not markup:
            plain = offer(plain, self.tools, must=self.must)
            schema = decision_schema(self.tools, schema, must=self.must)
        return Request(
            messages=plain,
            schema=schema,
            tools=self.tools if markup else (),
            markup=markup.name if markup else None,
            must=self.must,
            stop=() if schema is not None or markup else self.stop,  # inside of data a stop would break it
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
            trace=(self.logprobs or 0) if self.confidence or self.logprobs is not None else None,
        )

    def cut(self, text: str) -> str:
        """Return a text answer that came as data, up to the first stop."""
        if self.schema is not None:
            return text
        places = [place for stop in self.stop if (place := text.find(stop)) >= 0]
        return text[: min(places, default=len(text))]


def read_options(options: Mapping[str, Any], stop: Sequence[str] | None) -> CallOptions:
    """Read a call's keyword arguments.

    Raises:
        ModelRefused: One of them has a value that it cannot have.
    """
    tools, must = offered(options.get("tools") or (), options.get("tool_choice"))
    stops = stop or options.get("stop") or ()
    seed = options.get("seed")
    return CallOptions(
        tools=tools,
        must=must,
        schema=_schema(options.get("response_format")),
        stop=[one for one in ([stops] if isinstance(stops, str) else stops) if one],
        max_tokens=int(_number(options, "max_tokens", 1, 1 << 20) or MAX_TOKENS),
        temperature=_number(options, "temperature", 0, 100) or 0.0,
        top_p=_number(options, "top_p", 0, 1, default=TOP_P),
        seed=secrets.randbits(32) if seed is None else int(seed) % (1 << 63),
        logprobs=None if options.get("logprobs") is None else int(_number(options, "logprobs", 0, MOST_LOGPROBS)),
        confidence=bool(options.get("confidence")),
    )


def read_caller(options: Mapping[str, Any]) -> Caller:
    """Return whose call it is."""
    return Caller(str(options.get("lane") or ""), bool(options.get("background")))


def _number(options: Mapping[str, Any], key: str, least: float, most: float, default: float = 0.0) -> float:
    value = options.get(key)
    if value is None:
        return default
    if not isinstance(value, int | float) or not least <= value <= most:
        raise ModelRefused(f"The option `{key}` must lie between {least:g} and {most:g}, it is {value!r}.")
    return float(value)


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
