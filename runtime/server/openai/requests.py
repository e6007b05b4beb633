"""From bodies of OpenAI's interface to requests of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, cast

from pydantic import BaseModel

from agents.context import ChatMessage, ModelRequest, ToolCall, ToolOffer

from ...base.errors import Json
from ..errors import ParameterInvalid
from .bodies import CallBody, ChatBody, Message, Offered, Part

__all__ = ["arguments_of", "image_of", "refuse_unknown", "schema_of", "to_request", "tools_of", "unsupported"]

_IGNORED: Final = frozenset({
    "metadata", "store", "service_tier", "prompt_cache_key", "prompt_cache_retention", "safety_identifier",
    "reasoning_effort", "verbosity", "include_obfuscation",
})  # fmt: skip
"""What says nothing about the answer, or what a model here has no dial for."""
_NEUTRAL: Final[Mapping[str, tuple[object, ...]]] = {
    "frequency_penalty": (None, 0, 0.0),
    "presence_penalty": (None, 0, 0.0),
    "logit_bias": (None, {}),
    "modalities": (None, ["text"]),
    "audio": (None,),
    "prediction": (None,),
    "functions": (None,),
    "function_call": (None,),
    "web_search_options": (None,),
}
"""What is not supported, and the values that ask for nothing."""
_IMAGE: Final = re.compile(r"data:image/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]+", re.ASCII)
_MOST_STOPS: Final = 4
_SYSTEM: Final = ("system", "developer")


def to_request(body: ChatBody) -> ModelRequest:
    """Return what a body asks.

    Raises:
        ParameterInvalid: It asks for what is wrong, or not supported here.
    """
    refuse_unknown(body)
    if body.n not in (None, 1):
        raise unsupported("n", "One answer at a time is given.")
    tools, choice = tools_of([tool.function for tool in body.tools or ()], body.tool_choice)
    stops = [body.stop] if isinstance(body.stop, str) else body.stop or []
    if len(stops) > _MOST_STOPS:
        raise ParameterInvalid(f"At most {_MOST_STOPS} stop texts are taken.", where="stop")
    if body.top_logprobs is not None and not body.logprobs:
        raise ParameterInvalid("`top_logprobs` needs `logprobs: true`.", where="top_logprobs")
    return ModelRequest(
        model=body.model,
        messages=tuple(_message(message, f"messages[{place}]") for place, message in enumerate(body.messages)),
        schema=schema_of(body.response_format, "response_format"),
        tools=tools,
        tool_choice=choice,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        seed=body.seed,
        stop=tuple(stops),
        logprobs=(body.top_logprobs or 0) if body.logprobs else None,
    )


def unsupported(where: str, message: str) -> ParameterInvalid:
    """Return the error for a parameter that is OpenAI's but not ours."""
    return ParameterInvalid(message, where=where, details={"code": "unsupported_parameter"})


def refuse_unknown(
    body: BaseModel, ignored: Collection[str] = _IGNORED, neutral: Mapping[str, Collection[object]] = _NEUTRAL
) -> None:
    """Refuse keys that are not known, or that ask for what is not supported.

    Args:
        body: What came.
        ignored: Keys that say nothing about the answer.
        neutral: Keys that are not supported, and the values that ask for nothing.

    Raises:
        ParameterInvalid: There is one.
    """
    for name, value in (body.model_extra or {}).items():
        if name in ignored or (name in neutral and value in neutral[name]):
            continue
        if name in neutral:
            raise unsupported(name, f"The parameter {name!r} is not supported here.")
        raise ParameterInvalid(
            f"Unrecognized request argument supplied: {name}.", where=name, details={"code": "unknown_parameter"}
        )


def _message(message: Message, where: str) -> ChatMessage:
    text, images = _content(message.content, f"{where}.content")
    role = "system" if message.role in _SYSTEM else message.role
    if images and role != "user":
        raise ParameterInvalid("Only messages of the user have pictures.", where=f"{where}.content")
    if role == "tool" and not message.tool_call_id:
        raise ParameterInvalid("The result of a tool names its call.", where=f"{where}.tool_call_id")
    calls = tuple(_call(call, f"{where}.tool_calls[{place}]") for place, call in enumerate(message.tool_calls or ()))
    if role == "assistant" and not text and not calls:
        text = message.refusal or ""
    return ChatMessage(
        role=role,  # pyright: ignore[reportArgumentType] a developer is the system
        content=text,
        calls=calls,
        call_id=message.tool_call_id if role == "tool" else None,
        images=images,
    )


def _content(content: str | list[Part] | None, where: str) -> tuple[str, tuple[str, ...]]:
    if content is None or isinstance(content, str):
        return content or "", ()
    texts: list[str] = []
    images: list[str] = []
    for place, part in enumerate(content):
        match part.type:
            case "text" | "input_text" | "output_text":
                texts.append(part.text or "")
            case "refusal":
                texts.append(part.refusal or "")
            case "image_url":
                images.append(image_of((part.image_url or {}).get("url"), f"{where}[{place}].image_url"))
            case _:
                raise unsupported(f"{where}[{place}].type", f"Content of the type {part.type!r} is not supported here.")
    return "".join(texts), tuple(images)


def image_of(url: object, where: str) -> str:
    """Return the address of a picture.

    Raises:
        ParameterInvalid: It is one of the network.
    """
    if not isinstance(url, str) or not _IMAGE.fullmatch(url):
        raise ParameterInvalid(
            "A picture is sent as data:image/…;base64,…: nothing is fetched from the network.",
            where=where,
            details={"code": "invalid_image_url"},
        )
    return url


def arguments_of(text: str, where: str) -> dict[str, Json]:
    """Return the arguments of a call.

    Raises:
        ParameterInvalid: They are no JSON object.
    """
    try:
        arguments = json.loads(text or "{}")
    except ValueError as error:
        raise ParameterInvalid("The arguments of a call are no JSON.", where=where) from error
    if not isinstance(arguments, dict):
        raise ParameterInvalid("The arguments of a call are no JSON object.", where=where)
    return cast("dict[str, Json]", arguments)


def _call(call: CallBody, where: str) -> ToolCall:
    arguments = arguments_of(call.function.arguments, f"{where}.function.arguments")
    return ToolCall(id=call.id, name=call.function.name, arguments=arguments)


def tools_of(tools: Sequence[Offered], tool_choice: str | dict[str, Any] | None) -> tuple[tuple[ToolOffer, ...], str]:
    """Return the tools that may be called, and which must be.

    Args:
        tools: The tools.
        tool_choice: As in the body of `chat/completions`.

    Raises:
        ParameterInvalid: They do not fit together.
    """
    offers = {tool.name: _offer(tool) for tool in tools}
    if len(offers) < len(tools):
        raise ParameterInvalid("Two tools have the same name.", where="tools")
    match tool_choice:
        case None | "auto":
            return tuple(offers.values()), "auto"
        case "none":
            return (), "auto"
        case "required":
            choice = "required"
        case {"type": "function", "function": {"name": str(name)}} if name in offers:
            choice = name
        case {"type": "allowed_tools", "allowed_tools": {"mode": "auto" | "required" as mode, "tools": list()}}:
            named = cast("list[dict[str, Any]]", tool_choice["allowed_tools"]["tools"])
            wanted = {(one.get("function") or one).get("name") for one in named}
            return tuple(offer for name, offer in offers.items() if name in wanted), str(mode)
        case _:
            raise ParameterInvalid("`tool_choice` is none of the tools that are offered.", where="tool_choice")
    if not offers:
        raise ParameterInvalid("`tool_choice` demands a call, but there are no tools.", where="tool_choice")
    return tuple(offers.values()), choice


def _offer(function: Offered) -> ToolOffer:
    schema = function.parameters or {"type": "object", "properties": {}, "additionalProperties": False}
    return ToolOffer(name=function.name, description=function.description or "", schema=schema)


def schema_of(form: Mapping[str, Any] | None, where: str) -> Mapping[str, Json] | None:
    """Return the schema that a format demands.

    Raises:
        ParameterInvalid: It is none.
    """
    match form:
        case None | {"type": "text"}:
            return None
        case {"type": "json_object"}:
            return {"type": "object"}
        case {"type": "json_schema", "json_schema": {"schema": dict()}}:
            return cast("dict[str, Json]", form["json_schema"]["schema"])
        case _:
            raise ParameterInvalid(f"`{where}` is text, json_object or json_schema.", where=where)
