"""The cascade of `local_first`: which answers of this machine are kept.

Where one is not, a larger model is asked, with that answer as a draft. The signal is the model's own probability of
what it said: of the chosen answer among `choices`, or the geometric mean over the tokens. What does not fit its schema
was never an answer. Source of the idea: FrugalGPT (arXiv 2305.05176).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Literal

from agents.context import ChatMessage, ModelReply, ModelRequest

from ..base.errors import Json

__all__ = ["doubt", "with_draft"]

Doubt = Literal["cut", "empty", "unsure", "no_signal"]

_DRAFT = (
    "A smaller model has drafted the answer below. Keep what is right in it, mend what is wrong, and answer as if "
    "there were no draft.\n\nDraft:\n"
)


def doubt(reply: ModelReply, request: ModelRequest, least: float) -> Doubt | None:
    """Say why an answer is not kept, or None if it is.

    Args:
        reply: The answer, of which schema and tool calls have been checked.
        request: What was asked.
        least: The confidence from which on it is kept.
    """
    if reply.finish == "length":
        return "cut"
    if not reply.text.strip() and not reply.calls and reply.data is None:
        return "empty"
    if reply.confidence is None:
        return None if request.schema is not None else "no_signal"
    return "unsure" if reply.confidence < least else None


def with_draft(request: ModelRequest, reply: ModelReply) -> ModelRequest:
    """Return the request with an answer as a draft behind its last message: it has no more say than a user."""
    calls: list[Json] = [{"tool": call.name, "arguments": call.arguments} for call in reply.calls]
    draft = reply.text if not calls else f"{reply.text}\n{json.dumps(calls, ensure_ascii=False)}".strip()
    told, messages = _DRAFT + draft, list(request.messages)
    if messages and messages[-1].role == "user":
        messages[-1] = replace(messages[-1], content=f"{messages[-1].content}\n\n{told}")
    else:
        messages.append(ChatMessage(role="user", content=told))
    return replace(request, messages=tuple(messages))
