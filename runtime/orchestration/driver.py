"""Drives one segment of a run: LangGraph from the start or from where it stopped, then the record of the outcome."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from langchain_core.runnables import RunnableConfig

from agents.graph import CompiledApp

from ..base.errors import BaigongError, Json
from ..base.events import TERMINAL
from ..base.failpoints import reach
from ..storage import Reader
from . import runs
from .budget import BudgetExceeded
from .errors import InDoubt, NodeCrashed, NoResult
from .frame import Frame, enter, open_frame
from .grants import put
from .lane import decide
from .lowering import Graph
from .record import Status
from .recovery import recover
from .saver import GroupSaver
from .segment import Segment
from .surroundings import begin, conversation_of, leave, read_start
from .values import spill

__all__ = ["Driver", "usage_of"]


log = logging.getLogger(__name__)


class Driver:
    """Runs segments.

    Args:
        reader: Reads what a run finds around it.
        saver: LangGraph's checkpoints.
    """

    def __init__(self, reader: Reader, saver: GroupSaver) -> None:
        self._reader = reader
        self._saver = saver

    async def run(self, app: CompiledApp, graph: Graph, segment: Segment) -> None:
        """Run a segment until the run ends or parks, and write down how it left off."""
        journal = segment.journal
        reach("after_lease")
        frame = open_frame(segment, app, segment.record.inputs, decide)
        enter(frame)
        start = journal.memory.begun
        fresh = start is None or segment.offline
        if start is None:
            start = await read_start(self._reader, app, segment.info)
        if fresh:
            journal.emit("run.started", data=start)
            segment.record = runs.mark_started(journal.stream, segment.record)
        segment.conversation = conversation_of(segment.info, start)
        begin(frame, start)
        segment.account.start(asyncio.get_running_loop().time)
        try:
            await recover(frame)
            await self._drive(graph, frame, fresh=fresh)
            await self._finish(frame)
        except asyncio.CancelledError:
            if segment.cancelled:
                await self._conclude(frame, "cancelled")
            else:
                raise
        except BaigongError as error:
            frame.failure = frame.failure or error
            await self._finish(frame)
        except Exception as error:  # noqa: BLE001 the run's edge: nothing may leave it running with nobody at work
            frame.failure = NodeCrashed(f"{type(error).__name__}: {error}", fix="This is a defect; please report it.")
            await self._finish(frame)

    async def _drive(self, graph: Graph, frame: Frame, *, fresh: bool) -> None:
        """Let LangGraph run; on a resume, while it has tasks (`.next` can be empty on an unfinished graph).

        The journal decides: a thread that claims to be finished while no end is in the journal is started anew, which
        repeats nothing, because all that was done is in the journal.
        """
        segment = frame.segment
        run = segment.info.id
        if frame.result() is not None:
            return
        config: RunnableConfig = {"configurable": {"thread_id": run}, "recursion_limit": 10_000}
        self._saver.bind(run, frame.segment.journal.stream, fresh=fresh, lazy=True)
        try:
            begin_with: Any = {"decided": {}}
            if not fresh and await self._goes_on(graph, config, run):
                begin_with = None
            async with asyncio.timeout_at(frame.segment.account.deadline()):
                async for _ in graph.astream(begin_with, config, stream_mode=[], durability="sync"):  # pyright: ignore[reportUnknownMemberType]
                    pass
        except TimeoutError as error:
            refusal = frame.segment.account.exceeded("seconds")
            frame.segment.journal.emit("budget.exceeded", data=refusal.details)
            try:
                put(frame.segment, refusal)
            except BudgetExceeded as refused:
                raise refused from error
        finally:
            self._saver.release(run)

    async def _goes_on(self, graph: Graph, config: RunnableConfig, run: str) -> bool:
        """Whether LangGraph can go on where it stopped; a checkpoint that is of no use is deleted."""
        try:
            snapshot = await graph.aget_state(config)
        except Exception as error:  # noqa: BLE001 whatever a damaged or forged checkpoint leads to
            log.warning("the checkpoint of %s cannot be read, so the journal alone says how it stands: %s", run, error)
        else:
            if snapshot.tasks:
                return True
            if snapshot.metadata is None:
                return False
        await self._saver.adelete_thread(run)
        return False

    async def _finish(self, frame: Frame) -> None:
        failure, segment = frame.failure, frame.segment
        if failure is not None:
            status = "doubt" if isinstance(failure, InDoubt) else "failed"
            await self._conclude(frame, status, failure)
            return
        outputs = frame.result()
        if outputs is not None:
            await self._conclude(frame, "ended", outputs=outputs)
        elif segment.draining:
            await segment.journal.barrier()
        elif segment.opened:
            segment.journal.emit("run.waiting", data={"asks": list(segment.opened)})
            usage = usage_of(segment)
            segment.record = runs.mark_ended(segment.journal.stream, segment.record, "waiting", usage=usage)
            await segment.journal.barrier()
            segment.left = True
        else:
            await self._conclude(frame, "failed", NoResult("The run came to no end.", fix="Run: baigong check"))

    async def _conclude(
        self,
        frame: Frame,
        status: Status,
        failure: BaseException | None = None,
        outputs: dict[str, Json] | None = None,
    ) -> None:
        segment = frame.segment
        if segment.concluded:
            return
        segment.concluded = True
        journal = segment.journal
        error = described(failure) if isinstance(failure, BaigongError) else None
        usage = usage_of(segment)
        if outputs is not None and segment.info.fork_of is None:
            leave(frame, outputs)
        # A run in doubt is not over: it waits for a person to say what happened.
        kind = "run.waiting" if status == "doubt" else TERMINAL
        kept = None if outputs is None else await spill(outputs, segment.host.files, segment.info.workspace)
        journal.emit(kind, data={"status": status, "outputs": kept, "error": error, "usage": usage})
        segment.record = runs.mark_ended(
            journal.stream, segment.record, status, outputs=outputs, error=error, usage=usage
        )
        if status in ("ended", "cancelled"):
            self._saver.forget(segment.info.id, journal.stream)
        await journal.barrier()
        segment.left = True


def usage_of(segment: Segment) -> dict[str, Json]:
    """Return what a run has used, as it is shown."""
    used = segment.account.usage()
    return {
        "tokens": int(used.get("tokens", 0)),
        "usd": round(used.get("usd", 0.0), 9),
        "seconds": round(used.get("seconds", 0.0), 3),
        "tool_calls": int(used.get("tool_calls", 0)),
        **({"turns": int(used["turns"])} if used.get("turns") else {}),
    }


def described(failure: BaigongError) -> dict[str, Json]:
    """Return an error as a run's row keeps it, with the exit code that a command ends with."""
    return {**failure.to_json(), "exit_code": failure.exit_code}
