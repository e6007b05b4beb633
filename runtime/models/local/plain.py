"""LangChain messages as text in the three roles that every chat template knows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from ...base.errors import Json
from ..errors import ModelRefused

__all__ = ["Plain", "offer", "to_native", "to_plain"]

Plain = dict[str, Json]

_OFFER = """You can use these tools:
{tools}
Answer with JSON. To use a tool: {{"tool": name, "arguments": {{...}}}}."""
_OR_ANSWER = ' To answer without a tool: {"answer": text}.'


def to_plain(messages: Sequence[BaseMessage]) -> list[Plain]:
    """Return messages of text alone, in the three roles that every chat template knows.

    Raises:
        ModelRefused: A message holds what is no text.
    """
    return [_plain(message) for message in messages]


def _plain(message: BaseMessage) -> Plain:
    text = _text(message)
    match message:
        case ToolMessage():
            return {"role": "user", "content": f"Result of {message.name or 'the tool'}: {text}"}
        case AIMessage():
            calls = [{"tool": call["name"], "arguments": call["args"]} for call in message.tool_calls]
            said = [text] if text else list[str]()
            said += [json.dumps(call, ensure_ascii=False) for call in calls]
            return {"role": "assistant", "content": "\n".join(said)}
        case _:
            return {"role": "system" if message.type == "system" else "user", "content": text}


def to_native(messages: Sequence[BaseMessage]) -> list[Plain]:
    """Return messages as chat templates want them that know tools.

    Raises:
        ModelRefused: A message holds what is no text.
    """
    return [_native(message) for message in messages]


def _native(message: BaseMessage) -> Plain:
    match message:
        case ToolMessage():
            name: Plain = {"name": message.name} if message.name else {}
            return {"role": "tool", "content": _text(message), "tool_call_id": _short(message.tool_call_id), **name}
        case AIMessage() if message.tool_calls:
            calls: list[Json] = [
                {
                    "id": _short(call["id"] or ""),
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["args"]},
                }
                for call in message.tool_calls
            ]
            return {"role": "assistant", "content": _text(message), "tool_calls": calls}
        case _:
            return _plain(message)


def _short(name: str) -> str:
    """Return an id of nine letters and digits: templates of Mistral refuse any other."""
    return hashlib.sha256(name.encode()).hexdigest()[:9]


def _text(message: BaseMessage) -> str:
    content: Any = message.content
    if isinstance(content, str):
        return content
    for block in content:
        if not isinstance(block, str) and block.get("type") not in ("text", "reasoning"):
            raise ModelRefused(f"The local model reads text only, not {block.get('type')!r}.")
    return message.text


def offer(messages: list[Plain], tools: Sequence[Mapping[str, Any]], *, must: bool) -> list[Plain]:
    """Describe tools in the system message; the grammar does the rest."""
    lines = [f"- {_signature(tool['function'])}" for tool in tools]
    text = _OFFER.format(tools="\n".join(lines)) + ("" if must else _OR_ANSWER)
    if messages and messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{messages[0]['content']}\n\n{text}"}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def _signature(function: Mapping[str, Any]) -> str:
    parameters = cast("dict[str, Any]", function.get("parameters") or {})
    names = [f"{name}: {rules.get('type', 'any')}" for name, rules in parameters.get("properties", {}).items()]
    return f"{function['name']}({', '.join(names)}): {function.get('description') or ''}".strip()
