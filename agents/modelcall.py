"""What a model is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from runtime.base.errors import Json
from runtime.base.labels import Label

__all__ = ["ChatMessage", "ModelReply", "ModelRequest", "Role", "ToolCall", "ToolOffer"]

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """A call that a model asks for."""

    id: str
    name: str
    arguments: dict[str, Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatMessage:
    """One message of a model's input."""

    role: Role
    content: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    images: tuple[str, ...] = ()
    """Pictures that stand behind the text, as `data:image/…;base64,…`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolOffer:
    """A tool that a model may ask for: its name, text and JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRequest:
    """A model call.

    Args:
        model: The app's name of the model (a key of `requires.models`).
        messages: The conversation.
        schema: JSON Schema that the answer must have; the local model is held to it by grammar.
        choices: Closed set of answers; models that can, score them by likelihood.
        tools: Tools that the model may ask for.
        tool_choice: `auto`, `none`, `required` or a tool's name.
        max_tokens: Limit of the answer, or None for the model's own.
        temperature: 0 is deterministic; None is the model's own.
        top_p: The likeliest tokens that together have this probability are chosen among; None is the model's own.
        seed: Seed of the choice, where a model takes one.
        stop: Texts at which the answer ends.
        logprobs: How many alternatives of each token are wanted, from 0; None wants no log-probabilities.
        stream: The node's output port whose text grows as the answer comes, or None.
        label: Label of the messages, where it is lower than all that the body has seen.
    """

    model: str
    messages: Sequence[ChatMessage]
    schema: Mapping[str, Json] | None = None
    choices: tuple[str, ...] = ()
    tools: tuple[ToolOffer, ...] = ()
    tool_choice: str = "auto"
    max_tokens: int | None = None
    temperature: float | None = 0.0
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    stream: str | None = None
    label: Label | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelReply:
    """A model's answer: its text, its data (with a schema), the calls it wants, likelihoods by choice, and usage.

    `logprobs` has one `{token, bytes, logprob, top}` for each token of the answer, where they were asked for;
    `confidence` is the geometric mean of the tokens' probabilities, or that of the choice, where it is known.
    """

    text: str
    data: Json = None
    calls: tuple[ToolCall, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict[str, float])
    usage: dict[str, Json] = field(default_factory=dict[str, Json])
    finish: Literal["stop", "length", "tool_calls"] = "stop"
    logprobs: tuple[Json, ...] = ()
    confidence: float | None = None
