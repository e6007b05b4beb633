"""Tools for a model that knows none: it writes one JSON object, by grammar either a call or an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import uuid4

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk

from ...base.errors import Json
from ..errors import ModelRefused

__all__ = ["Tool", "decision_schema", "offered", "read_decision"]

Tool = Mapping[str, Any]
"""A tool in the form of OpenAI."""


def offered(tools: Sequence[Tool], choice: object) -> tuple[Sequence[Tool], bool]:
    """Return the tools that may be called, and whether one must be.

    Args:
        tools: All tools.
        choice: `auto`, `none`, `any` or `required`, a tool's name, or that in the form of OpenAI.

    Raises:
        ModelRefused: There is no such tool, or no tool at all where one must be called.
    """
    match choice:
        case "none":
            return (), False
        case None | "auto":
            return tools, False
        case "any" | "required" if tools:
            return tools, True
        case {"type": "function", "function": {"name": str(name)}}:
            return offered(tools, name)
        case _:
            named = [tool for tool in tools if tool["function"]["name"] == choice]
            if not named:
                raise ModelRefused(f"The tool {choice!r} is not among the tools that are offered.")
            return named, True


def decision_schema(tools: Sequence[Tool], answer: Mapping[str, Json] | None, *, must: bool) -> dict[str, Json]:
    """Return the schema of a decision.

    Args:
        tools: The tools that may be called.
        answer: JSON Schema of an answer without a call; None is text.
        must: Whether a tool must be called.
    """
    options: list[Json] = []
    for number, tool in enumerate(tools):
        function = tool["function"]
        rules: Json = function.get("parameters") or {"type": "object", "additionalProperties": False}
        arguments = _moved(rules, f"/anyOf/{number}/properties/arguments")
        options.append(_object(tool={"const": function["name"]}, arguments=arguments))
    if not must:
        text: Json = {"type": "string", "minLength": 1}
        said = text if answer is None else _moved(dict(answer), f"/anyOf/{len(tools)}/properties/answer")
        options.append(_object(answer=said))
    return {"anyOf": options}


def read_decision(text: str) -> AIMessageChunk:
    """Read what the grammar has guaranteed: a tool with its arguments, or an answer."""
    data = cast("dict[str, Any]", json.loads(text))
    if "answer" in data:
        answer = data["answer"]
        return AIMessageChunk(content=answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))
    arguments = json.dumps(data["arguments"], ensure_ascii=False)
    call = tool_call_chunk(name=str(data["tool"]), args=arguments, id=f"call_{uuid4().hex[:12]}", index=0)
    return AIMessageChunk(content="", tool_call_chunks=[call])


def _object(**properties: Json) -> dict[str, Json]:
    return {"type": "object", "properties": properties, "required": [*properties]}


def _moved(schema: Json, to: str) -> Json:
    """Return a schema whose references point to where it stands now."""
    match schema:
        case {"$ref": str(ref), **rest} if ref.startswith("#"):
            return {"$ref": f"#{to}{ref[1:]}", **cast("dict[str, Json]", _moved(rest, to))}
        case dict():
            return {key: _moved(value, to) for key, value in schema.items()}
        case list():
            return [_moved(item, to) for item in schema]
        case _:
            return schema
