"""From bodies of `responses` to requests of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from agents.context import ChatMessage, ModelRequest

from ...base.errors import Json
from ..errors import ParameterInvalid
from .items import Stored, to_messages
from .requests import refuse_unknown, schema_of, tools_of, unsupported
from .response_bodies import ResponseBody

__all__ = ["check", "to_response_request"]

_IGNORED: Final = frozenset({"service_tier", "prompt_cache_retention", "prompt_cache_options"})
_NEUTRAL: Final[Mapping[str, tuple[object, ...]]] = {
    "background": (None, False),
    "context_management": (None, []),
    "conversation": (None,),
    "frequency_penalty": (None, 0, 0.0),
    "moderation": (None,),
    "presence_penalty": (None, 0, 0.0),
    "prompt": (None,),
    "truncation": (None, "disabled"),
}
_LOGPROBS: Final = "message.output_text.logprobs"
_INCLUDED: Final = (_LOGPROBS, "message.input_image.image_url", "reasoning.encrypted_content")
"""What may be asked for: the second is always there, the third never exists."""


def check(body: ResponseBody) -> None:
    """Refuse what is not supported, or asks for nothing.

    Raises:
        ParameterInvalid: It is so.
    """
    refuse_unknown(body, _IGNORED, _NEUTRAL)
    if body.input is None and body.previous_response_id is None:
        raise ParameterInvalid(
            "There is nothing to answer.", where="input", details={"code": "missing_required_parameter"}
        )
    for one in body.include or ():
        if one not in _INCLUDED:
            raise unsupported("include", f"{one!r} cannot be included here.")


def to_response_request(body: ResponseBody, items: Sequence[Stored]) -> ModelRequest:
    """Return what a body asks.

    Args:
        body: The body.
        items: The conversation, the body's own input last.

    Raises:
        ParameterInvalid: It asks for what is wrong, or not supported here.
    """
    messages = to_messages(items)
    if body.instructions:
        messages.insert(0, ChatMessage(role="system", content=body.instructions))
    if not messages:
        raise ParameterInvalid("There is nothing to answer.", where="input")
    tools, choice = tools_of(body.tools or (), _choice(body.tool_choice))
    return ModelRequest(
        model=body.model,
        messages=tuple(messages),
        schema=_schema(body),
        tools=tools,
        tool_choice=choice,
        max_tokens=body.max_output_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        logprobs=(body.top_logprobs or 0) if body.top_logprobs or _LOGPROBS in (body.include or ()) else None,
    )


def _choice(choice: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
    """Return a choice in the form of `chat/completions`, which nests what is flat here."""
    match choice:
        case {"type": "function", "name": str(name)}:
            return {"type": "function", "function": {"name": name}}
        case {"type": "allowed_tools", "mode": mode, "tools": tools}:
            return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}
        case dict():
            raise ParameterInvalid("`tool_choice` is none of the tools that are offered.", where="tool_choice")
        case _:
            return choice


def _schema(body: ResponseBody) -> Mapping[str, Json] | None:
    form = body.text.format if body.text else None
    if form and form.get("type") == "json_schema":
        form = {"type": "json_schema", "json_schema": form}
    return schema_of(form, "text.format")
