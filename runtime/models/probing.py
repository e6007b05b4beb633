"""What a deployment can really do: found out by asking it, whatever its entry says."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Final, cast

from langchain_core.messages import AIMessageChunk

from agents.context import ChatMessage, ModelReply, ModelRequest, ToolOffer

from ..base.errors import Json
from .chat import to_messages, to_options, to_reply
from .deployments import Deployment
from .errors import ModelError, ModelNotConfigured
from .fleet import Fleet

__all__ = ["Probe", "probe"]

_ALL: Final = frozenset({"chat", "tools", "json", "vision", "logprobs"})
_DOT: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
"""A picture of one red point."""
_ROOM: Final[Mapping[str, Json]] = {
    "type": "object",
    "properties": {"room": {"type": "string"}},
    "required": ["room"],
    "additionalProperties": False,
}
_LEGS: Final[Mapping[str, Json]] = {
    "type": "object",
    "properties": {"legs": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["legs"],
    "additionalProperties": False,
}


@dataclass(kw_only=True, slots=True)
class Probe:
    """What was found.

    Args:
        first_s: Seconds until the first token, None where it does not chat.
        tokens_per_s: Tokens of the answer a second, after the first.
        found: Capabilities that it showed.
        failed: Why a capability was not shown, by capability.
        said: What it answered, by capability.
    """

    first_s: float | None = None
    tokens_per_s: float | None = None
    found: set[str] = field(default_factory=set[str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    said: dict[str, Json] = field(default_factory=dict[str, Json])

    def to_json(self, deployment: Deployment) -> dict[str, Json]:
        """Return the report."""
        return {
            "id": deployment.id,
            "context": deployment.context,
            "first_s": self.first_s,
            "tokens_per_s": self.tokens_per_s,
            "caps": [*sorted(deployment.caps)],
            "found": [*sorted(self.found)],
            "missing": [*sorted(deployment.caps - self.found)],
            "more": [*sorted(self.found - deployment.caps)],
            "failed": {**self.failed},
            "said": {**self.said},
        }


async def probe(fleet: Fleet, deployment: Deployment) -> Probe:
    """Ask a deployment for a bit of everything.

    Raises:
        ModelError: It neither chats nor embeds; the error is what the chat said.
    """
    report = Probe()
    able = replace(deployment, caps=_ALL)

    async def ask(request: ModelRequest) -> ModelReply:
        return (await _ask(fleet, able, request))[0]

    try:
        await _speed(fleet, able, report)
    except ModelError as error:
        await _vectors(fleet, deployment, report)
        if not report.found:
            raise
        report.failed["chat"] = str(error)
        return report
    for cap, request, check in _QUESTIONS:
        await _try(report, cap, lambda request=request: ask(request), check)
    await _vectors(fleet, deployment, report)
    return report


async def _speed(fleet: Fleet, deployment: Deployment, report: Probe) -> None:
    """Measure a short answer; a second one, so that a model that is loaded first is not taken for slow."""
    request = _request("Name the seasons of the year and say one sentence about each.", max_tokens=64)
    await _ask(fleet, deployment, replace(request, max_tokens=1))
    reply, first, seconds = await _ask(fleet, deployment, request)
    spoken = cast("int", reply.usage["output_tokens"])
    report.found.add("chat")
    report.first_s = round(first, 4)
    report.tokens_per_s = round((spoken - 1) / (seconds - first), 1) if spoken > 1 and seconds > first else None
    report.said["chat"] = reply.text[:200]


async def _try(
    report: Probe, cap: str, ask: Callable[[], Awaitable[ModelReply]], check: Callable[[ModelReply], Json]
) -> None:
    try:
        said = check(await ask())
    except ModelError as error:
        report.failed[cap] = str(error)[:300]
        return
    if said is None:
        report.failed[cap] = "The answer does not have what was asked for."
    else:
        report.found.add(cap)
        report.said[cap] = said


async def _vectors(fleet: Fleet, deployment: Deployment, report: Probe) -> None:
    if "embed" in deployment.caps:
        try:
            found = await fleet.embed(deployment.id, ["A pump leaks."])
            report.found.add("embed")
            report.said["embed"] = {"dimension": len(found.vectors[0])}
        except ModelError as error:
            report.failed["embed"] = str(error)[:300]
    if "rerank" in deployment.caps:
        try:
            ranked = await fleet.rerank(deployment.id, "Which pump leaks?", ["Pump 3 leaks.", "Lunch is at noon."])
            report.found.add("rerank")
            report.said["rerank"] = [*ranked.scores]
        except ModelError as error:
            report.failed["rerank"] = str(error)[:300]


async def _ask(fleet: Fleet, deployment: Deployment, request: ModelRequest) -> tuple[ModelReply, float, float]:
    """Return an answer, and the seconds until its first token and its last."""
    begun, first = time.monotonic(), 0.0
    whole: AIMessageChunk | None = None
    stream = fleet.chat(deployment).chunks(to_messages(request, deployment), None, to_options(request, deployment))
    async with aclosing(stream) as chunks:
        async for chunk in chunks:
            first = first or time.monotonic() - begun
            message = cast("AIMessageChunk", chunk.message)
            whole = message if whole is None else whole + message
    if whole is None:
        raise ModelNotConfigured("The model said nothing.", where=deployment.id)
    seconds = time.monotonic() - begun
    return to_reply(whole, request, deployment, seconds), first, seconds


def _request(text: str, **more: object) -> ModelRequest:
    message = ChatMessage(role="user", content=text)
    return replace(ModelRequest(model="probe", messages=(message,), max_tokens=64), **more)  # pyright: ignore[reportArgumentType]


def _calls(reply: ModelReply) -> Json:
    return [{"name": one.name, "arguments": one.arguments} for one in reply.calls] or None


_LOOK: Final = ToolOffer(name="look_into", description="Look into a room.", schema=_ROOM)
_QUESTIONS: Final[tuple[tuple[str, ModelRequest, Callable[[ModelReply], Json]], ...]] = (
    ("json", _request("How many legs does a dog have?", schema=_LEGS), lambda reply: reply.data),
    ("tools", _request("Look into the kitchen.", tools=(_LOOK,), tool_choice="required"), _calls),
    ("logprobs", _request("Say yes.", logprobs=0, max_tokens=4), lambda reply: len(reply.logprobs) or None),
    (
        "vision",
        ModelRequest(
            model="probe",
            messages=(ChatMessage(role="user", content="Which colour is it?", images=(_DOT,)),),
            max_tokens=16,
        ),
        lambda reply: reply.text[:100] or None,
    ),
)
