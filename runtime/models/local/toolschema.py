"""JSON Schemas of what a model writes to call a tool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from ...base.errors import Json

__all__ = ["Tool", "call_schema", "decision_schema"]

Tool = Mapping[str, Any]
"""A tool in the form of OpenAI."""


def decision_schema(tools: Sequence[Tool], answer: Mapping[str, Json] | None, *, must: bool) -> dict[str, Json]:
    """Return the schema of a decision.

    Args:
        tools: The tools that may be called.
        answer: JSON Schema of an answer without a call; None is text.
        must: Whether a tool must be called.
    """
    options = [*_calls(tools, "tool", "arguments")]
    if not must:
        text: Json = {"type": "string", "minLength": 1}
        said = text if answer is None else _moved(dict(answer), f"/anyOf/{len(tools)}/properties/answer")
        options.append(_object(answer=said))
    return {"anyOf": options}


def call_schema(tools: Sequence[Tool], name: str, arguments: str) -> dict[str, Json]:
    """Return the schema of a call: an object with the tool's name and its arguments under these keys."""
    return {"anyOf": [*_calls(tools, name, arguments)]}


def _calls(tools: Sequence[Tool], name: str, arguments: str) -> Iterator[Json]:
    for number, tool in enumerate(tools):
        function = tool["function"]
        rules: Json = function.get("parameters") or {"type": "object", "additionalProperties": False}
        yield _object(
            **{name: {"const": function["name"]}, arguments: _moved(rules, f"/anyOf/{number}/properties/{arguments}")}
        )


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
