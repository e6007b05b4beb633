"""Accepts, runs, parks, takes up and cancels runs. One engine owns a home's open runs."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from agents.graph import CompiledApp
from agents.spec import Bundle

from ..base.errors import BaigongError, Json
from ..base.events import TERMINAL, Event, Live
from ..base.ids import new_id
from ..storage import Database
from . import runs
from .answers import OpenAsk, check_answer, open_asks, put_answer, stored_answers, time_out
from .budget import Account
from .bus import Bus
from .driver import Driver, limits_of
from .errors import AskNotOpen, RunNotOpen
from .follow import follow
from .host import Host
from .inputs import check_inputs
from .journal import Journal, Memory, read_events, recall
from .lowering import Graph, lower
from .record import OPEN, RunInfo, RunRecord
from .runs import Runs
from .saver import GroupSaver
from .segment import Segment

__all__ = ["Engine", "Recompile"]

log = logging.getLogger(__name__)

Recompile: TypeAlias = Callable[[Bundle, str], Awaitable[CompiledApp]]
"""Compiles a stored bundle for a workspace against the host's resources."""

GRAPHS: Final = 64
"""Compiled graphs that are kept."""


class Engine:
    """Runs compiled apps.

    Args:
        database: The home's database.
        host: Models, tools, knowledge and files.
        recompile: Compiles the bundle of a run that is taken up again.
    """

    def __init__(self, database: Database, host: Host, recompile: Recompile) -> None:
        self.runs = Runs(database.reader)
        self._database = database
        self._host = host
        self._recompile = recompile
        self._saver = GroupSaver(database.writer, database.reader)
        self._driver = Driver(database.reader, self._saver)
        self._bus = Bus()
        self._graphs: OrderedDict[str, tuple[CompiledApp, Graph]] = OrderedDict()
        self._segments: dict[str, Segment] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._kept: set[tuple[str, str]] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._closed = False
        self._taking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._sessions: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def accept(
        self,
        app: CompiledApp,
        inputs: dict[str, Json],
        *,
        workspace: str = "main",
        principal: str = "local",
        surface: str = "cli",
        session: str | None = None,
        key: runs.Key | None = None,
    ) -> RunInfo:
        """Accept a run durably and start it. A key that comes again is the caller's to look up before.

        Raises:
            InputInvalid: The inputs do not fit the app.
            StorageError: It could not be written; nothing was started.
        """
        checked = check_inputs(app, inputs)
        await self._keep(app, workspace)
        info = RunInfo(
            id=new_id("run"), workspace=workspace, app=app.id, version=app.version, digest=app.digest,
            principal=principal, surface=surface, session=session,
        )  # fmt: skip
        journal = self._journal(info, 1, None)
        record = runs.insert(journal.stream, info, checked, limits_of(app))
        if key is not None:
            runs.remember(journal.stream, info, key)
        journal.emit("run.accepted", data={"app": info.app, "digest": info.digest, "inputs": checked})
        await journal.barrier()
        self._launch(app, record, journal)
        return info

    async def wait(self, run: str, workspace: str = "main", *, timeout: float | None = None) -> RunRecord:  # noqa: ASYNC109
        """Return the run once it has ended or parked, or as it is when the time is up."""
        task, segment = self._tasks.get(run), self._segments.get(run)
        if task is not None:
            await asyncio.wait([task], timeout=timeout)
        if segment is not None and segment.left and segment.info.workspace == workspace:
            return segment.record
        return await self.runs.get(run, workspace)

    async def start(self) -> list[str]:
        """Take up every run that a dead process left unfinished and return their ids."""
        found = await self.runs.unfinished()
        taken: list[str] = []
        for run, workspace in found:
            try:
                await self.resume(run, workspace)
            except BaigongError as error:
                log.warning("the run %s cannot be taken up: %s", run, error)
            else:
                taken.append(run)
        for record in await self.runs.list("main", status="waiting", limit=10_000):
            await self._watch_asks(record.info.id, record.info.workspace)
        return taken

    async def resume(self, run: str, workspace: str = "main") -> RunInfo:
        """Take a run up where its journal ends: after a crash, an answer, or a failure (then with a new attempt).

        Raises:
            RunNotFound: There is no such run.
            RunNotOpen: It has ended, or is running here.
        """
        async with self._taking[run]:
            return await self._resume(run, workspace)

    async def _resume(self, run: str, workspace: str) -> RunInfo:
        record = await self.runs.get(run, workspace)
        if record.info.surface == "replay":
            raise RunNotOpen("A replay is not taken up; start another one.", where=run)
        if run in self._tasks or record.status in ("ended", "cancelled"):
            raise RunNotOpen(f"The run is {record.status}; there is nothing to take up.", where=run)
        app = await self._app(record.info.digest, workspace)
        fence = await self._database.writer.call(lambda connection: runs.take_over(connection, run))
        memory = await self._database.reader.run(lambda connection: recall(connection, run))
        if record.status in ("failed", "doubt"):
            memory.retry()
        journal = self._journal(record.info, fence, memory)
        journal.emit("run.resumed", data={"from": record.status})
        stored = await self._database.reader.run(lambda connection: stored_answers(connection, run))
        for ask, answer in stored.items():
            if ask not in memory.answers:
                memory.answers[ask] = answer
                journal.emit("ask.answered", ask.rpartition(":")[0], {"ask": ask, "answer": answer})
        self._launch(app, replace(record, status="running", fence=fence), journal)
        return record.info

    async def replay(self, run: str, workspace: str = "main") -> RunRecord:
        """Run again from the journal alone and return the new run; a call that the journal lacks is an error.

        Raises:
            RunNotFound: There is no such run.
        """
        record = await self.runs.get(run, workspace)
        app = await self._app(record.info.digest, workspace)
        memory = await self._database.reader.run(lambda connection: recall(connection, run))
        info = RunInfo(
            id=new_id("run"), workspace=workspace, app=app.id, version=app.version, digest=app.digest,
            principal=record.info.principal, surface="replay", session=record.info.session, fork_of=run,
        )  # fmt: skip
        journal = self._journal(info, 1, memory.for_replay())
        replayed = runs.insert(journal.stream, info, record.inputs, limits_of(app))
        journal.emit("run.accepted", data={"app": info.app, "digest": info.digest, "fork_of": run})
        self._launch(app, replayed, journal, offline=True)
        return await self.wait(info.id, workspace)

    async def asks(self, run: str) -> list[OpenAsk]:
        """Return the open questions of a run."""
        return await self._database.reader.run(lambda connection: open_asks(connection, run))

    async def answer(
        self, run: str, ask: str, *, action: str, form: dict[str, Json], by: str | None, workspace: str = "main"
    ) -> None:
        """Answer a question and take the run up again.

        Raises:
            RunNotFound: There is no such run.
            AskNotOpen: There is no such open question, or the answer does not fit it.
        """
        await self.runs.get(run, workspace)
        found = next((one for one in await self.asks(run) if one["id"] == ask), None)
        if found is None:
            raise AskNotOpen(f"The question {ask!r} is not open.", where=run)
        check_answer(found, action, form)
        await self._database.writer.call(
            lambda connection: put_answer(connection, run, ask, action=action, form=form, by=by)
        )
        await self._take_answers(run, workspace)

    async def _take_answers(self, run: str, workspace: str) -> None:
        """Take a parked run up; one that still runs looks for answers itself when it parks."""
        task = self._tasks.get(run)
        if task is not None:
            task.add_done_callback(lambda _: self._later(self._take_answers(run, workspace)))
            return
        async with self._taking[run]:
            if run not in self._tasks and (await self.runs.get(run, workspace)).status == "waiting":
                await self._resume(run, workspace)

    async def cancel(self, run: str, workspace: str = "main") -> RunRecord:
        """Stop a run; what it has done stays in its journal.

        Raises:
            RunNotFound: There is no such run.
            RunNotOpen: It has ended already.
        """
        record = await self.runs.get(run, workspace)
        if record.status not in (*OPEN, "doubt"):
            raise RunNotOpen(f"The run has {record.status} already.", where=run)
        task, segment = self._tasks.get(run), self._segments.get(run)
        if task is not None and segment is not None:
            segment.cancelled = True
            task.cancel()
            await asyncio.wait([task])
            record = await self.runs.get(run, workspace)
        if record.status in (*OPEN, "doubt"):
            await self._end_parked(record)
        return await self.runs.get(run, workspace)

    async def history(self, run: str, *, after: int = 0) -> list[Event]:
        """Return the events of a run's journal after a number."""
        return await self._database.reader.run(lambda connection: read_events(connection, run, after=after))

    def events(self, run: str, *, after: int = 0, parked: bool = False) -> AsyncGenerator[Live, None]:
        """Yield a run's events after a number: first those of the journal, then live ones, until it ends.

        Args:
            run: The run, which the caller may see.
            after: The last number that is known already.
            parked: Whether to go on while the run waits for a person.
        """
        return follow(
            run, self._bus, self._database.reader, lambda: self._tasks.get(run), lambda: self._segments.get(run),
            after=after, parked=parked,
        )  # fmt: skip

    async def close(self) -> None:
        """Stop where we are; open runs are taken up by the next `start`."""
        self._closed = True
        open_tasks = [*self._tasks.values(), *self._background]
        for task in open_tasks:
            task.cancel()
        if open_tasks:
            await asyncio.wait(open_tasks)

    async def _keep(self, app: CompiledApp, workspace: str) -> None:
        if (workspace, app.digest) not in self._kept:
            await self._database.bundles.put(app.bundle, workspace)
            self._kept.add((workspace, app.digest))
        if app.digest not in self._graphs:
            self._remember(app)

    def _remember(self, app: CompiledApp) -> Graph:
        graph = lower(app, self._saver)
        self._graphs[app.digest] = (app, graph)
        while len(self._graphs) > GRAPHS:
            self._graphs.popitem(last=False)
        return graph

    async def _app(self, digest: str, workspace: str) -> CompiledApp:
        known = self._graphs.get(digest)
        if known is not None:
            return known[0]
        app = await self._recompile(await self._database.bundles.get(digest, workspace), workspace)
        self._remember(app)
        return app

    def _journal(self, info: RunInfo, fence: int, memory: Memory | None) -> Journal:
        stream = self._database.writer.stream(runs.guard(info.id, fence), self._publish)
        return Journal(info.id, info.workspace, stream, memory)

    def _publish(self, items: Sequence[Any]) -> None:
        self._bus.publish(items)

    def _launch(self, app: CompiledApp, record: RunRecord, journal: Journal, *, offline: bool = False) -> None:
        run = record.info.id
        account = Account(limits_of(app), spent=journal.memory.spent)
        segment = Segment(
            record=record, host=self._host, journal=journal, account=account, offline=offline,
            publish=lambda item: self._bus.publish((item,)), ledger=dict(journal.memory.intents),
        )  # fmt: skip
        self._segments[run] = segment
        task = asyncio.create_task(self._serve(app, segment), name=run)
        self._tasks[run] = task
        task.add_done_callback(lambda done: self._forget(run, done))

    def _forget(self, run: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(run) is task:
            del self._tasks[run]
            self._segments.pop(run, None)

    async def _serve(self, app: CompiledApp, segment: Segment) -> None:
        """Run a segment; runs of one session wait for each other."""
        info = segment.info
        graph = self._graphs[app.digest][1]
        if info.session is None or segment.offline:
            await self._driver.run(app, graph, segment)
        else:
            async with self._sessions[f"{info.workspace}/{info.session}"]:
                await self._driver.run(app, graph, segment)
        if segment.opened:
            await self._watch_asks(info.id, info.workspace)

    async def _watch_asks(self, run: str, workspace: str) -> None:
        """After parking: see whether an answer came meanwhile, and wake up when the first wait is over."""
        asks = await self.asks(run)
        loop = asyncio.get_running_loop()
        stored = await self._database.reader.run(lambda connection: stored_answers(connection, run))
        memory = await self._database.reader.run(lambda connection: recall(connection, run))
        if stored.keys() - memory.answers.keys():
            loop.call_soon(lambda: self._later(self._take_answers(run, workspace)))
            return
        deadlines = [ask["deadline"] for ask in asks if isinstance(ask["deadline"], int)]
        if deadlines:
            delay = max(min(deadlines) - runs.now(), 0) / 1000
            loop.call_later(delay, lambda: self._later(self._expire(run, workspace)))

    async def _expire(self, run: str, workspace: str) -> None:
        await self._database.writer.call(lambda connection: time_out(connection, run))
        await self._take_answers(run, workspace)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        if self._closed:
            work.close()
            return
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _end_parked(self, record: RunRecord) -> None:
        run = record.info.id
        fence = await self._database.writer.call(lambda connection: runs.take_over(connection, run))
        memory = await self._database.reader.run(lambda connection: recall(connection, run))
        journal = self._journal(record.info, fence, memory)
        journal.emit(TERMINAL, data={"status": "cancelled", "outputs": None, "error": None, "usage": record.usage})
        runs.mark_ended(journal.stream, record, "cancelled", usage=record.usage)
        self._saver.forget(run, journal.stream)
        await journal.barrier()
