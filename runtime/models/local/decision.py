"""Tools for a model that knows none: it writes one JSON object, by grammar either a call or an answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast
from uuid import uuid4

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk

from ..errors import ModelRefused
from .toolschema import Tool

__all__ = ["called", "offered", "read_decision"]


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


def read_decision(text: str) -> AIMessageChunk:
    """Read what the grammar has guaranteed: a tool with its arguments, or an answer."""
    data = cast("dict[str, Any]", json.loads(text))
    if "answer" in data:
        answer = data["answer"]
        return AIMessageChunk(content=answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))
    return called([(str(data["tool"]), json.dumps(data["arguments"], ensure_ascii=False))])


def called(calls: Sequence[tuple[str, str]]) -> AIMessageChunk:
    """Return the message of calls, each a tool's name and its arguments as JSON."""
    chunks = [
        tool_call_chunk(name=name, args=arguments, id=f"call_{uuid4().hex[:12]}", index=index)
        for index, (name, arguments) in enumerate(calls)
    ]
    return AIMessageChunk(content="", tool_call_chunks=chunks)
