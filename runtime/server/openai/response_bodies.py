"""What clients send to `responses`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from .bodies import Lenient, Offered, StreamOptions

__all__ = ["Item", "ItemPart", "Metadata", "ResponseBody"]

Metadata: TypeAlias = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]], Field(max_length=16)
]
"""What a client notes on an object."""


def _as_items(given: object) -> object:
    """Return an input as items; a text is what the user says."""
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


def _as_parts(given: object) -> object:
    return [{"type": "text", "text": given}] if isinstance(given, str) else given


class ItemPart(Lenient):
    """A part of an item's content."""

    type: str
    text: str | None = None
    image_url: str | None = None
    refusal: str | None = None


class Item(Lenient):
    """A message, a call of a function, its result, or the id of one of these; a message may leave its type out."""

    type: str = "message"
    id: str | None = None
    role: Literal["system", "developer", "user", "assistant"] | None = None
    content: Annotated[list[ItemPart] | None, BeforeValidator(_as_parts)] = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | list[ItemPart] | None = None
    status: str | None = None
    phase: str | None = None


class _Kind(Lenient):
    """Only functions of the client: nothing is called here."""

    type: Literal["function"]


class ResponseTool(Offered, _Kind):
    """A tool that may be called; its type is looked at first."""


class TextForm(Lenient):
    """Which form the text has."""

    format: dict[str, Any] | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class Reasoning(Lenient):
    """How long a model thinks; no model here has a dial for it."""

    effort: str | None = None
    summary: str | None = None


class ResponseBody(Lenient):
    """The body of `responses`."""

    model: str
    input: Annotated[list[Item] | None, Field(min_length=1), BeforeValidator(_as_items)] = None
    instructions: str | None = None
    previous_response_id: str | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[ResponseTool] | None = None
    tool_choice: Literal["none", "auto", "required"] | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    max_tool_calls: Annotated[int, Field(ge=1)] | None = None
    text: TextForm | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    include: list[str] | None = None
    reasoning: Reasoning | None = None
    metadata: Metadata | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
