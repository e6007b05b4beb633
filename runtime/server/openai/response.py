"""The answer of `responses`: the object, and what stands in it at each stage."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from agents.context import ModelReply

from ...base.errors import BaigongError, Json
from ...models.ports import ModelAnswer
from .failures import failure_status
from .items import Stored, Turn
from .response_bodies import ResponseBody

__all__ = ["ResponseObject"]


class ResponseObject:
    """A response as it comes to be.

    Args:
        id: Its id.
        body: What was asked.
    """

    def __init__(self, id: str, body: ResponseBody) -> None:  # noqa: A002 as the attribute is called
        self.id = id
        self.turn = Turn(id)
        self._head: dict[str, Any] = {
            "id": id,
            "object": "response",
            "created_at": int(time.time()),
            "model": body.model,
            **_asked(body),
        }

    def begun(self) -> dict[str, Any]:
        """Return it before there is any answer."""
        return self._whole("in_progress", [])

    def ended(self, answer: ModelAnswer) -> dict[str, Any]:
        """Return it with its answer."""
        self._head["model"] = answer.deployment
        output, usage = self.turn.answered(answer.reply), _usage(answer.reply)
        if answer.reply.finish == "length":
            return self._whole("incomplete", output, usage=usage, details={"reason": "max_output_tokens"})
        return self._whole("completed", output, usage=usage)

    def failed(self, error: BaigongError, text: str) -> dict[str, Any]:
        """Return it with an error that came after so much of the text."""
        code = "rate_limit_exceeded" if failure_status(error) == 429 else "server_error"
        told: dict[str, Json] = {"code": code, "message": f"{error.message} ({error.code})"}
        return self._whole("failed", [self.turn.message(text, "incomplete")], error=told)

    def _whole(
        self,
        status: str,
        output: Sequence[Stored],
        *,
        usage: Json = None,
        details: Json = None,
        error: Json = None,
    ) -> dict[str, Any]:
        return {
            **self._head,
            "status": status,
            "completed_at": int(time.time()) if status == "completed" else None,
            "output": [*output],
            "usage": usage,
            "incomplete_details": details,
            "error": error,
        }


def _asked(body: ResponseBody) -> dict[str, Any]:
    """Return what a response repeats of its request; where nothing was said, OpenAI's own default."""
    reasoning, text = body.reasoning, body.text
    return {
        "instructions": body.instructions,
        "previous_response_id": body.previous_response_id,
        "max_output_tokens": body.max_output_tokens,
        "max_tool_calls": body.max_tool_calls,
        "metadata": body.metadata or {},
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "reasoning": {
            "effort": reasoning.effort if reasoning else None,
            "summary": reasoning.summary if reasoning else None,
        },
        "store": body.store is not False,
        "background": False,
        "temperature": 1.0 if body.temperature is None else body.temperature,
        "top_p": 1.0 if body.top_p is None else body.top_p,
        "top_logprobs": body.top_logprobs or 0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "text": {
            "format": _format(text.format if text else None),
            "verbosity": (text.verbosity if text else None) or "medium",
        },
        "tool_choice": body.tool_choice or "auto",
        "tools": [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
                "strict": tool.strict,
            }
            for tool in body.tools or ()
        ],
        "truncation": "disabled",
        "service_tier": "default",
        "safety_identifier": body.safety_identifier,
        "prompt_cache_key": body.prompt_cache_key,
        **({} if body.user is None else {"user": body.user}),
    }


def _format(form: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if form is None:
        return {"type": "text"}
    return {"strict": None, **form} if form.get("type") == "json_schema" else form


def _usage(reply: ModelReply) -> dict[str, Json]:
    usage = reply.usage
    return {
        "input_tokens": usage.get("input_tokens", 0),
        "input_tokens_details": {"cached_tokens": usage.get("cached_tokens", 0), "cache_write_tokens": 0},
        "output_tokens": usage.get("output_tokens", 0),
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.get("tokens", 0),
    }
