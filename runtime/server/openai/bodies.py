"""What clients send to the OpenAI-compatible interface."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["CallBody", "ChatBody", "EmbeddingsBody", "Lenient", "Message", "Offered", "Part", "StreamOptions"]


class Lenient(BaseModel):
    """Base of bodies: unknown keys are kept, to be named in an error."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)


class Part(Lenient):
    """A part of a message's content."""

    type: str
    text: str | None = None
    image_url: dict[str, Any] | None = None
    refusal: str | None = None


class Called(Lenient):
    """The function of a tool call."""

    name: str
    arguments: str = "{}"


class CallBody(Lenient):
    """A tool call of an earlier answer."""

    id: str
    type: Literal["function"] = "function"
    function: Called


class Message(Lenient):
    """A message."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    name: str | None = None
    tool_calls: list[CallBody] | None = None
    tool_call_id: str | None = None
    refusal: str | None = None


class Offered(Lenient):
    """The function of a tool."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolBody(Lenient):
    """A tool that may be called."""

    type: Literal["function"]
    function: Offered


class StreamOptions(Lenient):
    """What a stream has beside the answer."""

    include_usage: bool = False
    include_obfuscation: bool = False


class ChatBody(Lenient):
    """The body of `chat/completions`."""

    model: str
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[ToolBody] | None = None
    tool_choice: Literal["none", "auto", "required"] | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, Any] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    n: int | None = None
    user: str | None = None


Input: TypeAlias = str | list[str] | list[int] | list[list[int]]


class EmbeddingsBody(Lenient):
    """The body of `embeddings`."""

    model: str
    input: Input
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1)] | None = None
    user: str | None = None
