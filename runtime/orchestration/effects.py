"""Tool calls: checked, judged, approved where a rule asks for it, and made exactly once through the effect ledger.

The ledger's key is a hash of (run, node path, tool, arguments, ordinal among equal calls): neither the attempt nor any
id of LangGraph is part of it, so a retry, a resume and a crash all find the same entry. `intent` is committed before
the call, `done` together with the record of the result. An intent that a crash left open follows the tool's effect
class: `pure` runs again, `keyed` runs again with the same key, `checkable` asks the tool, `once` is for a person.
"""

from __future__ import annotations

import time
from typing import Final, Protocol

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from agents.context import Answer, AskRequest, ToolReply, ToolRequest
from agents.graph import CompiledApp
from agents.spec import ToolInfo
from tools.files import file_parameters
from tools.ports import ToolResult

from ..base.errors import BaigongError, Json
from ..base.failpoints import reach, reach_durably, reach_soon
from ..base.labels import USER, Label, Labelled
from . import records
from .attachments import attached, plain_arguments
from .calls import Calls
from .errors import CallInvalid, CallRefused, InDoubt
from .frame import Frame
from .journal import argument_hash
from .ledger import Purse
from .monitor import judge, result_label
from .values import restore

__all__ = ["call_tool"]

_INTENT: Final = (
    "INSERT INTO effects (run, key, workspace, path, tool, class, state, at) "
    "VALUES (?, ?, ?, ?, ?, ?, 'intent', ?) "
    "ON CONFLICT (run, key) DO UPDATE SET state = 'intent', result = NULL, at = excluded.at"
)
_CLOSE: Final = "UPDATE effects SET state = ?, at = ? WHERE run = ? AND key = ?"


class Caller(Protocol):
    """What the ledger needs of the context that a call comes from."""

    frame: Frame
    calls: Calls
    purse: Purse

    @property
    def path(self) -> str:
        """The node path."""
        ...

    @property
    def attempt(self) -> int:
        """The attempt."""
        ...

    @property
    def app(self) -> CompiledApp:
        """The app that runs."""
        ...

    @property
    def label(self) -> Label:
        """What the body has seen."""
        ...

    def seen(self, label: Label) -> None:
        """Count something that the body has received."""
        ...

    async def ask(self, request: AskRequest) -> Labelled[Answer]:
        """Ask a person."""
        ...


async def call_tool(context: Caller, request: ToolRequest) -> tuple[ToolReply, Label]:
    """Make a tool call and return its reply and the label of what it returned.

    Raises:
        CallInvalid: The arguments do not fit the tool's schema.
        CallRefused: The policy or a person refused.
        InDoubt: An earlier attempt of an effect of class `once` may have happened.
        BudgetExceeded: No tool call is left.
        ToolError: The call failed.
    """
    server, info = _known(context.app, request)
    _validate(context, request, info)
    label = request.label or context.label
    verdict = judge(info.policy, label, request.approve)
    if verdict == "refuse":
        problem = f"The policy refuses {request.tool!r}: what decides about the call is {_said(label)}."
        raise CallRefused(
            problem, where=context.path, fix="Set approve: effects on the node, so that a person decides."
        )
    if verdict == "ask":
        await _approved(context, request, info, label)
    call = _Call(context, request, server, info)
    try:
        record = await context.calls.serve("tool", request.tool, request.arguments, call.live)
    except BaigongError:
        # What a tool says when it fails is as much its own as what it returns.
        context.seen(result_label(info.policy))
        raise
    return records.read_tool_reply(record), result_label(info.policy)


def _known(app: CompiledApp, request: ToolRequest) -> tuple[str, ToolInfo]:
    """Return the server that a tool belongs to, and what is known of it."""
    if request.info is not None:
        return "", request.info
    alias, _, name = request.tool.partition(".")
    server = app.document.requires.tools[alias].server
    return server, app.resources.servers.get(server, {}).get(name) or ToolInfo(name=name)


class _Call:
    """One call on its way through the ledger."""

    def __init__(self, context: Caller, request: ToolRequest, server: str, info: ToolInfo) -> None:
        self._context = context
        self._request = request
        self._server = server
        self._info = info
        segment = context.frame.segment
        run = segment.info.fork_of if segment.offline and segment.info.fork_of else segment.info.id
        hashed = argument_hash(request.arguments)
        ordinal = context.calls.ordinal("effect", request.tool, hashed)
        self.key = argument_hash([run, context.path, request.tool, hashed, ordinal])

    async def live(self) -> dict[str, Json]:
        """Make the call, or find out what became of it."""
        segment = self._context.frame.segment
        known = segment.ledger.get(self.key)
        if known is not None:
            found = await restore(known, segment.host.files, segment.info.workspace)
            return {**found, "effect": self.key}
        # Before the intent: a call that the budget refuses must not look like one that may have happened.
        purse = self._context.purse
        held = await purse.reserve({"tool_calls": 1})
        try:
            if self.key in segment.ledger:
                settled = await self._settle_open()
                if settled is not None:
                    return await self._done(settled)
            else:
                reach("before_intent")
                await self._intend()
                reach("after_intent")
            result = await self._send()
        except BaigongError as error:
            if error.undone:
                self._failed()
            raise
        finally:
            await purse.settle(held, {"tool_calls": 1})
        reach("after_effect")
        record = await self._done(result)
        await reach_durably("after_done", segment.journal.barrier)
        return record

    async def _send(self) -> ToolResult:
        segment = self._context.frame.segment
        key = self.key if self._info.policy.effect_class == "keyed" else None
        timeout = self._context.purse.left("seconds")
        if self._request.info is not None:
            reach_soon("inside_effect")
            door = segment.host.doors[self._request.tool]
            egress = self._context.app.document.policy.egress
            return await door(self._request.arguments, egress=egress, key=key, timeout=timeout)
        files = file_parameters(self._info.input_schema)
        async with attached(self._request.arguments, files, segment.host.files, segment.info.workspace) as arguments:
            reach_soon("inside_effect")
            return await segment.host.tools.call(self._server, self._info.name, arguments, key=key, timeout=timeout)

    async def _intend(self) -> None:
        context, info = self._context, self._info
        journal = context.frame.segment.journal
        kind = info.policy.effect_class
        row = (journal.run, self.key, journal.workspace, context.path, self._request.tool, kind, _now())
        journal.stream.append(_INTENT, row)
        data: dict[str, Json] = {"effect": self.key, "tool": self._request.tool, "class": kind}
        journal.emit("effect.intent", context.path, data, attempt=context.attempt)
        context.frame.segment.ledger[self.key] = None
        called: dict[str, Json] = {"tool": self._request.tool, "arguments": self._request.arguments}
        journal.emit("tool.called", context.path, called, attempt=context.attempt)
        if info.policy.effect_class != "pure":
            await journal.barrier()

    async def _settle_open(self) -> ToolResult | None:
        """Decide about an intent without an end; None means that the call may be made again."""
        context, kind = self._context, self._info.policy.effect_class
        if kind in ("pure", "keyed"):
            return None
        segment = context.frame.segment
        if kind == "checkable":
            return await segment.host.tools.status(self._server, self._info.name, self.key)
        journal = segment.journal
        journal.stream.execute(_CLOSE, ("doubt", _now(), journal.run, self.key))
        data: dict[str, Json] = {"effect": self.key, "tool": self._request.tool}
        journal.emit("effect.doubt", context.path, data, attempt=context.attempt)
        raise InDoubt(
            f"The call of {self._request.tool!r} was begun before an interruption; whether it happened is not known.",
            where=context.path,
            fix="Look at the outside system, then settle the effect as done or not done.",
            details={"effect": self.key},
        )

    async def _done(self, result: ToolResult) -> dict[str, Json]:
        context = self._context
        segment = context.frame.segment
        files = [
            await segment.host.files.put(
                one.content, name=one.name, media_type=one.media_type, workspace=segment.info.workspace
            )
            for one in result.files
        ]
        record = records.tool_reply(ToolReply(data=result.data, text=result.text, files=tuple(files)))
        journal = segment.journal
        journal.stream.execute(_CLOSE, ("done", _now(), journal.run, self.key))
        journal.emit("effect.done", context.path, {"effect": self.key}, attempt=context.attempt)
        segment.ledger[self.key] = record
        return {**record, "effect": self.key, "usage": {"tool_calls": 1}}

    def _failed(self) -> None:
        """The tool says itself that nothing came of it: a retry may call again."""
        journal = self._context.frame.segment.journal
        journal.stream.execute(_CLOSE, ("failed", _now(), journal.run, self.key))
        data: dict[str, Json] = {"effect": self.key, "failed": True}
        journal.emit("effect.done", self._context.path, data, attempt=self._context.attempt)
        self._context.frame.segment.ledger.pop(self.key, None)


def _validate(context: Caller, request: ToolRequest, info: ToolInfo) -> None:
    if not info.input_schema:
        return
    validator = Draft202012Validator(dict(info.input_schema))
    arguments = plain_arguments(request.arguments, file_parameters(info.input_schema))
    problem: ValidationError | None = next(validator.iter_errors(arguments), None)  # pyright: ignore[reportUnknownMemberType]
    if problem is not None:
        place = "/".join(str(step) for step in problem.absolute_path)
        where = f" at {place!r}" if place else ""
        raise CallInvalid(f"The arguments of {request.tool!r} are wrong{where}: {problem.message}.", where=context.path)


async def _approved(context: Caller, request: ToolRequest, info: ToolInfo, label: Label) -> None:
    """Ask for this very call: the tool, its exact arguments, and where they come from. The approval is used once."""
    shown: dict[str, Json] = {
        "tool": request.tool,
        "arguments": request.arguments,
        "effect": info.policy.effect,
        "seen": label.to_json(),
        "call": argument_hash([request.tool, request.arguments]),
    }
    answer = (await context.ask(AskRequest(kind="approval", actions=("approve", "reject"), shown=shown))).value
    if answer.action != "approve":
        who = answer.by or "nobody in time"
        raise CallRefused(f"The call of {request.tool!r} was not approved (by {who}).", where=context.path)
    context.seen(USER)


def _said(label: Label) -> str:
    return f"{label.integrity.name.lower()} and {label.confidentiality.name.lower()}"


def _now() -> int:
    return time.time_ns() // 1_000_000
