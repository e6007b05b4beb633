"""The JSON forms in which calls are journalled."""

from __future__ import annotations

from typing import cast

from agents.context import ChatMessage, ModelRequest, RetrieveReply, ToolReply

from ..base.errors import Json
from ..models.replies import call_to_json

__all__ = [
    "model_request",
    "read_retrieve_reply",
    "read_tool_reply",
    "retrieve_reply",
    "tool_reply",
]

Objects = tuple[dict[str, Json], ...]


def model_request(request: ModelRequest) -> dict[str, Json]:
    """Return all of a request that the model sees."""
    data: dict[str, Json] = {
        "messages": [_message(message) for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
    }
    if request.schema is not None:
        data["schema"] = dict(request.schema)
    if request.choices:
        data["choices"] = list(request.choices)
    if request.tools:
        data["tools"] = [
            {"name": one.name, "description": one.description, "schema": dict(one.schema)} for one in request.tools
        ]
    return data | _asked(request)


def tool_reply(reply: ToolReply) -> dict[str, Json]:
    """Return a reply as it is recorded."""
    return {"data": reply.data, "text": reply.text, "files": list(reply.files)}


def read_tool_reply(record: dict[str, Json]) -> ToolReply:
    """Undo `tool_reply`."""
    return ToolReply(data=record["data"], text=str(record["text"]), files=tuple(cast("Objects", record["files"])))


def retrieve_reply(reply: RetrieveReply) -> dict[str, Json]:
    """Return a reply as it is recorded."""
    return {"passages": list(reply.passages), "citations": list(reply.citations), "text": reply.text}


def read_retrieve_reply(record: dict[str, Json]) -> RetrieveReply:
    """Undo `retrieve_reply`."""
    return RetrieveReply(
        passages=tuple(cast("Objects", record["passages"])),
        citations=tuple(cast("Objects", record["citations"])),
        text=str(record["text"]),
    )


def _asked(request: ModelRequest) -> dict[str, Json]:
    """Return what a request asks for beyond the ordinary."""
    data: dict[str, Json] = {
        "tool_choice": None if request.tool_choice == "auto" else request.tool_choice,
        "top_p": request.top_p,
        "seed": request.seed,
        "stop": list(request.stop) or None,
        "logprobs": request.logprobs,
    }
    return {name: value for name, value in data.items() if value is not None}


def _message(message: ChatMessage) -> dict[str, Json]:
    data: dict[str, Json] = {"role": message.role, "content": message.content}
    if message.images:
        data["images"] = list(message.images)
    if message.calls:
        data["calls"] = [call_to_json(call) for call in message.calls]
    if message.call_id is not None:
        data["call_id"] = message.call_id
    return data
