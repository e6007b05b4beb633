"""Between the engine's requests and LangChain's messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, cast

from jsonschema import Draft202012Validator, SchemaError, ValidationError
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from referencing import Registry
from referencing.exceptions import Unresolvable

from agents.context import ChatMessage, ModelReply, ModelRequest, ToolCall, ToolOffer

from ..base.errors import Json
from .deployments import Deployment
from .errors import ModelOutputInvalid, ModelRefused
from .strictjson import parse
from .tokens import input_tokens, text_tokens

__all__ = ["to_messages", "to_options", "to_reply", "to_usage"]

INSTRUCTION = "Answer with one JSON value and nothing else. It must fit this JSON Schema:\n"
FENCE = re.compile(r"^```(?:json)?\s*\n(.*)\n```$", re.DOTALL)


def to_messages(request: ModelRequest, deployment: Deployment) -> list[BaseMessage]:
    """Return the conversation; a deployment that cannot be held to a schema is told of it."""
    messages = list(request.messages)
    if request.schema is not None and "json" not in deployment.caps:
        told = INSTRUCTION + json.dumps(dict(request.schema), ensure_ascii=False)
        if messages and messages[0].role == "system":  # many chat templates take one system message only
            told = f"{messages.pop(0).content}\n\n{told}"
        messages.insert(0, ChatMessage(role="system", content=told))
    return [_message(message) for message in messages]


def to_options(request: ModelRequest, deployment: Deployment, *, confidence: bool = False) -> dict[str, Any]:
    """Return the keyword arguments of the call.

    Args:
        request: What is asked.
        deployment: Who is asked.
        confidence: Whether the answer's confidence is wanted, if the deployment can give it.
    """
    options: dict[str, Any] = {
        "max_tokens": request.max_tokens or deployment.max_tokens,
    }
    for name in ("temperature", "top_p", "seed", "logprobs"):
        if (value := getattr(request, name)) is not None:
            options[name] = value
    if request.tools:
        options["tools"] = [_tool(offer) for offer in request.tools]
        if request.tool_choice != "auto":
            options["tool_choice"] = "any" if request.tool_choice == "required" else request.tool_choice
    if request.schema is not None and "json" in deployment.caps:
        schema = {"name": "answer", "schema": dict(request.schema), "strict": False}
        options["response_format"] = {"type": "json_schema", "json_schema": schema}
    if confidence and "logprobs" in deployment.caps:
        options["confidence"] = True
    if request.choices:
        options["choices"] = list(request.choices)
    return options


def to_reply(message: AIMessage, request: ModelRequest, deployment: Deployment, seconds: float) -> ModelReply:
    """Return the engine's form of an answer.

    Args:
        message: The whole answer.
        request: What was asked.
        deployment: Who answered.
        seconds: How long it took.

    Raises:
        ModelOutputInvalid: A tool call is broken, or the answer does not fit the schema.
        ModelRefused: The request's schema is none.
    """
    if message.invalid_tool_calls:
        raise ModelOutputInvalid("A tool call has arguments that are no JSON object.", where=deployment.id)
    calls = tuple(
        ToolCall(id=call["id"] or "", name=call["name"], arguments=call["args"]) for call in message.tool_calls
    )
    if request.tools and request.tool_choice not in ("auto", "none") and not calls:
        raise ModelOutputInvalid("The answer has no tool call, which the request demands.", where=deployment.id)
    text = str(message.text)
    metadata = cast("dict[str, Any]", message.response_metadata)
    finish = _finish(metadata, calls)
    scores: dict[str, float] = metadata.get("scores") or {}
    data: Json = None
    if request.schema is not None and not calls:
        data = _data(text, request.schema, deployment.id, cut=finish == "length")
    return ModelReply(
        text=text.strip() if request.choices else text,
        data=data,
        calls=calls,
        scores=scores,
        usage=to_usage(message, request, deployment, seconds),
        finish=finish,
        logprobs=tuple(metadata.get("logprobs") or ()) if request.logprobs is not None else (),
        confidence=max(scores.values()) if scores else metadata.get("confidence"),
    )


def _message(message: ChatMessage) -> BaseMessage:
    match message.role:
        case "system":
            return SystemMessage(message.content)
        case "user":
            return HumanMessage(_parts(message) if message.images else message.content)
        case "tool":
            return ToolMessage(message.content, tool_call_id=message.call_id or "")
        case "assistant":
            calls = [
                {"type": "tool_call", "id": call.id, "name": call.name, "args": call.arguments}
                for call in message.calls
            ]
            return AIMessage(message.content, tool_calls=calls)


def _parts(message: ChatMessage) -> list[str | dict[Any, Any]]:
    images = [{"type": "image_url", "image_url": {"url": image}} for image in message.images]
    return [{"type": "text", "text": message.content}, *images] if message.content else [*images]


def _tool(offer: ToolOffer) -> dict[str, Any]:
    function = {"name": offer.name, "description": offer.description, "parameters": dict(offer.schema)}
    return {"type": "function", "function": function}


def _finish(metadata: Mapping[str, Any], calls: Sequence[ToolCall]) -> Literal["stop", "length", "tool_calls"]:
    if calls:
        return "tool_calls"
    return "length" if metadata.get("finish_reason") == "length" else "stop"


def _data(text: str, schema: Mapping[str, Json], where: str, *, cut: bool) -> Json:
    """Read an answer that must be JSON of a schema; one fence of Markdown around it is taken off.

    Raises:
        ModelOutputInvalid: It is none; nobody asks the model again here.
        ModelRefused: The schema is none.
    """
    fenced = FENCE.match(text.strip())
    fix = "The limit of tokens cut it off; raise `max_tokens`." if cut else None
    try:
        data = parse(fenced[1] if fenced else text)
    except ValueError as error:
        raise ModelOutputInvalid(f"The answer is no JSON: {error}.", where=where, fix=fix) from error
    problem = _problem(data, schema, where)
    if problem:
        place = "".join(f"[{part!r}]" for part in problem.absolute_path)
        shown = f"The answer{place} does not fit the schema: {problem.message[:300]}."
        raise ModelOutputInvalid(shown, where=where, fix=fix)
    return data


def _problem(data: Json, schema: Mapping[str, Json], where: str) -> ValidationError | None:
    """Return the first problem; a schema that points to the network is refused, not fetched."""
    try:
        Draft202012Validator.check_schema(schema)
        validator = cast("Any", Draft202012Validator(schema, registry=Registry()))
        return next(cast("Iterator[ValidationError]", validator.iter_errors(data)), None)
    except (SchemaError, Unresolvable) as error:
        raise ModelRefused("The request's schema is no JSON Schema that can be used.", where=where) from error


def to_usage(message: AIMessage, request: ModelRequest, deployment: Deployment, seconds: float) -> dict[str, Json]:
    """Return what an answer cost, even a part of one; a server that does not say it is taken at the upper bound."""
    said = message.usage_metadata
    given = said["input_tokens"] if said else input_tokens(request)
    answered = said["output_tokens"] if said else text_tokens(str(message.text) + json.dumps(message.tool_calls))
    return {
        "tokens": given + answered,
        "usd": deployment.price.of(given, answered),
        "seconds": round(seconds, 6),
        "tool_calls": 0,
        "input_tokens": given,
        "output_tokens": answered,
    }
