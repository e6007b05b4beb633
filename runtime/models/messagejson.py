"""The JSON form of all of a request that its answer depends on, but for who is asked."""

from __future__ import annotations

from agents.context import ChatMessage, ModelRequest

from ..base.errors import Json
from .replies import call_to_json

__all__ = ["request_to_json"]


def request_to_json(request: ModelRequest) -> dict[str, Json]:
    """Return a request as JSON."""
    return {
        "answer": request.max_tokens,
        "messages": [_message(message) for message in request.messages],
        "schema": None if request.schema is None else dict(request.schema),
        "choices": [*request.choices],
        "tools": [[tool.name, tool.description, dict(tool.schema)] for tool in request.tools],
        "rest": [request.tool_choice, request.top_p, request.seed, [*request.stop], request.logprobs],
        "temperature": request.temperature,
    }


def _message(message: ChatMessage) -> dict[str, Json]:
    return {
        "role": message.role,
        "content": message.content,
        "calls": [call_to_json(call) for call in message.calls],
        "call_id": message.call_id,
        "images": [*message.images],
    }
