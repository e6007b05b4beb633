"""Calls with a record: what the journal holds is served, what it does not hold goes live and is recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from tools.errors import ToolError

from ..base.errors import BaigongError, Json
from ..models.errors import ModelError
from .errors import InDoubt, RecordedFailure, ReplayMismatch
from .journal import Memo, argument_hash
from .segment import Segment
from .values import restore, spill

__all__ = ["Calls", "Record"]

Record: TypeAlias = dict[str, Json]
"""What a call returned, as JSON, with its `usage`."""

_NAMES = {"model": "model.ended", "tool": "tool.ended", "retrieval": "retrieval.ended", "value": "value.recorded"}


class Calls:
    """The calls of one attempt of one node."""

    def __init__(self, segment: Segment, path: str, attempt: int) -> None:
        self._segment = segment
        self._path = path
        self._attempt = attempt
        self._ordinals: dict[tuple[str, str, str], int] = {}
        self.opened: int | None = None
        """Number of the event that announced the live call in progress."""

    async def serve(
        self,
        kind: str,
        target: str,
        arguments: Json,
        live: Callable[[], Awaitable[Record]],
        *,
        before: Callable[[], Awaitable[None]] | None = None,
        announce: bool = False,
        outside: bool = True,
    ) -> Record:
        """Return the record of a call.

        Args:
            kind: `model`, `tool`, `retrieval` or `value`.
            target: What is called.
            arguments: What it is called with.
            live: Makes the call.
            before: Sees to it that the call can be made, before anything is said of it.
            announce: Whether to write a `called` event first and commit it, so that a crash shows what was under way.
            outside: Whether the call leaves the process.

        Raises:
            ReplayMismatch: The run is a replay and the journal does not hold the call.
        """
        memo = self._memo(kind, target, arguments)
        recorded = self._segment.journal.memory.calls.get(memo)
        if recorded is not None:
            return await self._recorded(recorded)
        if self._segment.offline:
            raise self._unrecorded(memo)
        journal = self._segment.journal
        key: Json = [*memo[2:]]
        try:
            if before is not None:
                await before()
            if announce:
                called: dict[str, Json] = {"key": key, "request": arguments}
                self.opened = journal.emit(f"{kind}.called", self._path, called, attempt=self._attempt).seq
                journal.stream.flush()
            self._segment.live_calls += outside
            record = await live()
        except InDoubt:
            # Not what the call came to: once a person has settled it, the call is looked at again.
            raise
        except BaigongError as error:
            failed: dict[str, Json] = {"key": key, "error": _failure(error)}
            if isinstance(error, ModelError) and error.usage:
                failed["usage"] = error.usage
            elif isinstance(error, ToolError):
                failed["usage"] = {"tool_calls": 1}
            journal.emit(_NAMES[kind], self._path, failed, attempt=self._attempt)
            raise
        kept = await spill(record, self._segment.host.files, self._segment.info.workspace)
        journal.emit(_NAMES[kind], self._path, {"key": key, **kept}, attempt=self._attempt)
        journal.stream.flush()
        return record

    def late(self, bound: str) -> bool:
        """Whether this attempt is known to have run into a bound of time, by its name."""
        return self._bound(bound) in self._segment.journal.memory.calls

    def be_late(self, bound: str, seconds: float) -> None:
        """Record that this attempt ran into a bound of time, so that a replay comes to the same."""
        data: Record = {"key": [*self._bound(bound)[2:]], "result": seconds}
        self._segment.journal.emit("value.recorded", self._path, data, attempt=self._attempt)

    def _bound(self, name: str) -> Memo:
        return (self._path, self._attempt, "value", name, argument_hash(None), 0)

    async def _recorded(self, record: Record) -> Record:
        error = record.get("error")
        if isinstance(error, dict):
            raise RecordedFailure(error)
        return await restore(record, self._segment.host.files, self._segment.info.workspace)

    def ordinal(self, kind: str, target: str, hashed: str) -> int:
        """Count equal calls from 0."""
        key = (kind, target, hashed)
        self._ordinals[key] = self._ordinals.get(key, -1) + 1
        return self._ordinals[key]

    def _memo(self, kind: str, target: str, arguments: Json) -> Memo:
        hashed = argument_hash(arguments)
        return (self._path, self._attempt, kind, target, hashed, self.ordinal(kind, target, hashed))

    def _unrecorded(self, memo: Memo) -> ReplayMismatch:
        path, attempt, kind, target, hashed, ordinal = memo
        same = [
            one[4]
            for one in self._segment.journal.memory.calls
            if one[:4] == (path, attempt, kind, target) and one[5] == ordinal
        ]
        recorded = f" The journal has it with other arguments ({', '.join(same)})." if same else ""
        return ReplayMismatch(
            f"The replay asks for a {kind} call of {target!r} with arguments {hashed} that was never made.{recorded}",
            where=path,
            fix="The app or a node type has changed since the run; run the app anew.",
            details={"wanted": hashed, "recorded": list(same)},
        )


def _failure(error: BaigongError) -> Json:
    return {**error.to_json(), "exit_code": error.exit_code}
