"""`chat/completions`: an answer as a whole, or as a stream of chunks."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from typing import Final

from agents.context import ModelReply, ModelRequest, ToolCall

from ...base.errors import BaigongError, Json
from ...base.ids import new_id
from .failures import failure_body
from .hearing import Ask, hear

__all__ = ["completion", "logprobs_of", "stream"]

DONE: Final = b"data: [DONE]\n\n"
_FINISH: Final = {"stop": "stop", "length": "length", "tool_calls": "tool_calls"}


async def completion(ask: Ask) -> dict[str, Json]:
    """Return an answer as a `chat.completion`."""
    answer = await ask(None)
    reply = answer.reply
    message: dict[str, Json] = {
        "role": "assistant",
        "content": None if reply.calls and not reply.text else reply.text,
        "refusal": None,
        "annotations": [],
    }
    if reply.calls:
        message["tool_calls"] = [_call(call) for call in reply.calls]
    choice: dict[str, Json] = {
        "index": 0,
        "message": message,
        "logprobs": _logprobs(reply),
        "finish_reason": _FINISH[reply.finish],
    }
    return {**_head("chat.completion", answer.deployment), "choices": [choice], "usage": _usage(reply.usage)}


async def stream(ask: Ask, request: ModelRequest, *, usage: bool) -> AsyncIterator[bytes]:
    """Yield an answer as `chat.completion.chunk` events; nothing is yielded before the model has said something.

    Tool calls come whole, when the answer is: half a call could be executed by somebody.

    Args:
        ask: Makes the call.
        request: What is asked.
        usage: Whether the last chunk says what was used.

    Raises:
        BaigongError: There is no answer; later on the stream ends with the error.
    """
    head = _head("chat.completion.chunk", request.model)
    begun = False
    try:
        async with aclosing(hear(ask)) as heard:
            async for piece in heard:
                if isinstance(piece, str):
                    yield (b"" if begun else _first(head, usage)) + _chunk(head, {"content": piece}, usage)
                    begun = True
                    continue
                for chunk in _rest({**head, "model": piece.deployment}, piece.reply, begun=begun, usage=usage):
                    yield chunk
                yield DONE
    except BaigongError as error:
        if not begun:
            raise
        yield _event(failure_body(error))


def _rest(head: Mapping[str, Json], reply: ModelReply, *, begun: bool, usage: bool) -> Iterator[bytes]:
    """Yield what follows the text."""
    if not begun:
        yield _first(head, usage)
        if reply.text:
            yield _chunk(head, {"content": reply.text}, usage)
    for place, call in enumerate(reply.calls):
        yield _chunk(head, {"tool_calls": [{"index": place, **_call(call)}]}, usage)
    yield _chunk(head, {}, usage, finish=_FINISH[reply.finish], logprobs=_logprobs(reply))
    if usage:
        yield _event({**head, "choices": [], "usage": _usage(reply.usage)})


def _head(kind: str, model: str) -> dict[str, Json]:
    return {
        "id": new_id("chatcmpl").replace("_", "-"),
        "object": kind,
        "created": int(time.time()),
        "model": model,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _first(head: Mapping[str, Json], usage: bool) -> bytes:
    return _chunk(head, {"role": "assistant", "content": "", "refusal": None}, usage)


def _chunk(
    head: Mapping[str, Json], delta: dict[str, Json], usage: bool, finish: str | None = None, logprobs: Json = None
) -> bytes:
    choice: dict[str, Json] = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
    return _event({**head, "choices": [choice], **({"usage": None} if usage else {})})


def _event(data: Mapping[str, Json]) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def _call(call: ToolCall) -> dict[str, Json]:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def logprobs_of(reply: ModelReply) -> list[Json]:
    """Return what is known of an answer's tokens."""
    content: list[Json] = []
    for token in reply.logprobs:
        if isinstance(token, dict):
            told = {name: token.get(name) for name in ("token", "bytes", "logprob")}
            content.append({**told, "top_logprobs": token.get("top") or []})
    return content


def _logprobs(reply: ModelReply) -> Json:
    return {"content": logprobs_of(reply), "refusal": None} if reply.logprobs else None


def _usage(usage: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "prompt_tokens": usage.get("input_tokens", 0),
        "completion_tokens": usage.get("output_tokens", 0),
        "total_tokens": usage.get("tokens", 0),
        "prompt_tokens_details": {"cached_tokens": usage.get("cached_tokens", 0), "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
