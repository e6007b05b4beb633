"""The JSON forms in which calls are journalled."""

from __future__ import annotations

from typing import Literal, cast

from agents.context import ChatMessage, ModelReply, ModelRequest, RetrieveReply, ToolCall, ToolReply

from ..base.errors import Json

__all__ = [
    "model_reply",
    "model_request",
    "read_model_reply",
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


def model_reply(reply: ModelReply) -> dict[str, Json]:
    """Return a reply as it is recorded."""
    return {
        "text": reply.text,
        "data": reply.data,
        "calls": [_call(call) for call in reply.calls],
        "scores": dict(reply.scores),
        "usage": reply.usage,
        "finish": reply.finish,
    }


def read_model_reply(record: dict[str, Json]) -> ModelReply:
    """Undo `model_reply`."""
    calls = cast("list[dict[str, Json]]", record.get("calls") or [])
    return ModelReply(
        text=str(record["text"]),
        data=record.get("data"),
        calls=tuple(
            ToolCall(id=str(one["id"]), name=str(one["name"]), arguments=cast("dict[str, Json]", one["arguments"]))
            for one in calls
        ),
        scores=cast("dict[str, float]", record.get("scores") or {}),
        usage=cast("dict[str, Json]", record.get("usage") or {}),
        finish=cast("Literal['stop', 'length', 'tool_calls']", record.get("finish") or "stop"),
    )


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
        data["calls"] = [_call(call) for call in message.calls]
    if message.call_id is not None:
        data["call_id"] = message.call_id
    return data


def _call(call: ToolCall) -> dict[str, Json]:
    return {"id": call.id, "name": call.name, "arguments": call.arguments}
