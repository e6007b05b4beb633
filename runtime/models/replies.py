"""The JSON form of a model's reply, in which it is journalled and kept."""

from __future__ import annotations

from typing import Literal, cast

from agents.context import ModelReply, ToolCall

from ..base.errors import Json

__all__ = ["call_to_json", "reply_from_json", "reply_to_json"]


def reply_to_json(reply: ModelReply) -> dict[str, Json]:
    """Return a reply as JSON."""
    data: dict[str, Json] = {
        "text": reply.text,
        "data": reply.data,
        "calls": [call_to_json(call) for call in reply.calls],
        "scores": dict(reply.scores),
        "usage": reply.usage,
        "finish": reply.finish,
    }
    if reply.logprobs:
        data["logprobs"] = [*reply.logprobs]
    if reply.confidence is not None:
        data["confidence"] = reply.confidence
    return data


def reply_from_json(record: dict[str, Json]) -> ModelReply:
    """Undo `reply_to_json`."""
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
        logprobs=tuple(cast("list[Json]", record.get("logprobs") or [])),
        confidence=cast("float | None", record.get("confidence")),
    )


def call_to_json(call: ToolCall) -> dict[str, Json]:
    """Return a tool call as JSON."""
    return {"id": call.id, "name": call.name, "arguments": call.arguments}
