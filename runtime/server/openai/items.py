"""Items of `responses`: checked, given ids, and made the messages of a conversation.

The id of an item names its response: `msg_<number>_<place>` lies in `resp_<number>`, so a reference to an item alone
finds it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

from agents.context import ChatMessage, ModelReply, ToolCall

from ...base.errors import Json
from ..errors import ParameterInvalid
from .chat import logprobs_of
from .requests import arguments_of, image_of, unsupported
from .response_bodies import Item, ItemPart

__all__ = ["Stored", "Turn", "to_messages"]

Stored: TypeAlias = dict[str, Any]
"""An item as it is stored and shown."""

_PREFIXES: Final = {"message": "msg", "function_call": "fc", "function_call_output": "fco"}
_REFERENCE: Final = re.compile(r"[a-z]+_([0-9a-z]{26})_[io][0-9]+", re.ASCII)


class Turn:
    """Makes the items of one response.

    Args:
        response: The response's id.
    """

    def __init__(self, response: str) -> None:
        self._number = response.partition("_")[2]

    @staticmethod
    def response_of(item: str) -> str | None:
        """Return the id of the response that an item's id names."""
        found = _REFERENCE.fullmatch(item)
        return f"resp_{found[1]}" if found else None

    def asked(self, given: Sequence[Item] | None) -> list[Stored]:
        """Return the items of an input; a reference stays one.

        Raises:
            ParameterInvalid: One is wrong, or not supported here.
        """
        return [
            {"id": item.id, "type": item.type}
            if item.type == "item_reference"
            else {**_checked(item, f"input[{place}]"), "id": self._id(item.type, f"i{place}")}
            for place, item in enumerate(given or ())
        ]

    def message(self, text: str, status: str, logprobs: list[Json] | None = None) -> Stored:
        """Return the message that is said."""
        part = {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs or []}
        return {**self.opened(status), "content": [part]}

    def opened(self, status: str = "in_progress") -> Stored:
        """Return the message that is about to be said."""
        return {
            "id": self._id("message", "o0"),
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": [],
        }

    def call(self, place: int, call: ToolCall) -> Stored:
        """Return the call of a function, which stands at a place of the output."""
        return {
            "id": self._id("function_call", f"o{place}"),
            "type": "function_call",
            "status": "completed",
            "call_id": call.id,
            "name": call.name,
            "arguments": json.dumps(call.arguments, ensure_ascii=False),
        }

    def answered(self, reply: ModelReply) -> list[Stored]:
        """Return the items of an answer."""
        status = "incomplete" if reply.finish == "length" else "completed"
        items: list[Stored] = []
        if reply.text or not reply.calls:
            items.append(self.message(reply.text, status, logprobs_of(reply)))
        return items + [self.call(place, call) for place, call in enumerate(reply.calls, len(items))]

    def _id(self, kind: str, place: str) -> str:
        return f"{_PREFIXES[kind]}_{self._number}_{place}"


def to_messages(items: Iterable[Mapping[str, Any]]) -> list[ChatMessage]:
    """Return the messages that items are; calls belong to the message before them."""
    messages: list[ChatMessage] = []
    for item in items:
        match item["type"]:
            case "function_call":
                call = ToolCall(id=item["call_id"], name=item["name"], arguments=json.loads(item["arguments"]))
                _add_call(messages, call)
            case "function_call_output":
                text, _ = _read(item["output"])
                messages.append(ChatMessage(role="tool", content=text, call_id=item["call_id"]))
            case _:
                text, images = _read(item["content"])
                role = "system" if item["role"] == "developer" else item["role"]
                messages.append(ChatMessage(role=role, content=text, images=images))
    return messages


def _add_call(messages: list[ChatMessage], call: ToolCall) -> None:
    last = messages[-1] if messages else None
    if last is None or last.role != "assistant":
        messages.append(ChatMessage(role="assistant", content="", calls=(call,)))
    else:
        messages[-1] = ChatMessage(role="assistant", content=last.content, calls=(*last.calls, call))


def _read(content: str | Sequence[Mapping[str, Any]]) -> tuple[str, tuple[str, ...]]:
    if isinstance(content, str):
        return content, ()
    texts = [str(part.get("text") or part.get("refusal") or "") for part in content]
    return "".join(texts), tuple(part["image_url"] for part in content if part["type"] == "input_image")


def _checked(item: Item, where: str) -> Stored:
    match item.type:
        case "message":
            return _message(item, where)
        case "function_call":
            if not item.call_id or not item.name:
                raise ParameterInvalid("A call has `call_id` and `name`.", where=f"{where}.call_id")
            arguments = arguments_of(item.arguments or "", f"{where}.arguments")
            return {
                "type": item.type,
                "status": "completed",
                "call_id": item.call_id,
                "name": item.name,
                "arguments": json.dumps(arguments, ensure_ascii=False),
            }
        case "function_call_output":
            if not item.call_id:
                raise ParameterInvalid("The result of a function names its call.", where=f"{where}.call_id")
            output = item.output
            if not isinstance(output, str):
                output = _parts(output or [], f"{where}.output", "user", pictures=False)
            return {"type": item.type, "status": "completed", "call_id": item.call_id, "output": output}
        case _:
            raise unsupported(f"{where}.type", f"Items of the type {item.type!r} are not supported here.")


def _message(item: Item, where: str) -> Stored:
    if item.role is None or item.content is None:
        missing = "role" if item.role is None else "content"
        raise ParameterInvalid(f"A message has `{missing}`.", where=f"{where}.{missing}")
    parts = _parts(item.content, f"{where}.content", item.role, pictures=item.role == "user")
    return {"type": "message", "role": item.role, "status": "completed", "content": parts}


def _parts(parts: Sequence[ItemPart], where: str, role: str, *, pictures: bool) -> list[Json]:
    found: list[dict[str, Json]] = []
    for place, part in enumerate(parts):
        match part.type:
            case "input_text" | "output_text" | "text":
                found.append(_text(part.text or "", role))
            case "refusal":
                found.append({"type": "refusal", "refusal": part.refusal or ""})
            case "input_image" if pictures:
                url = image_of(part.image_url, f"{where}[{place}].image_url")
                found.append({"type": "input_image", "image_url": url, "detail": "auto"})
            case _:
                raise unsupported(f"{where}[{place}].type", f"Content of the type {part.type!r} is not supported here.")
    return cast("list[Json]", found)


def _text(text: str, role: str) -> dict[str, Json]:
    if role == "assistant":
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"type": "input_text", "text": text}
