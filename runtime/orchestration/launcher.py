"""Brings runs to work and takes them up: the parts that every way of starting a run shares."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import Any, Final, TypeAlias

from agents.graph import CompiledApp
from agents.spec import Bundle

from ..base.errors import Json
from ..base.events import Event
from ..base.failpoints import reach
from ..base.ids import new_id
from ..storage import Connection, Database, StorageError
from . import runs
from .alarms import Alarms
from .answers import OpenAsk
from .backend import RunBackend
from .budget import Account, limits_of
from .bus import Bus
from .driver import Driver
from .errors import RunNotOpen
from .grants import granted
from .host import Host
from .journal import Journal, Memory, recall
from .ledger import write_off
from .lowering import Graph, lower
from .record import Origin, RunInfo, RunRecord
from .runs import Runs
from .saver import GroupSaver
from .segment import Segment
from .spending import Spending, today
from .takeover import Takeover
from .turns import Turns
from .values import spill
from .workers import Workers

__all__ = ["Launcher", "Recompile", "new_info"]

Recompile: TypeAlias = Callable[[Bundle, str], Awaitable[CompiledApp]]
"""Compiles a stored bundle for a workspace against the host's resources."""

log = logging.getLogger(__name__)

PLACES: Final = 64
"""Runs that are at work at a time, unless the settings say otherwise."""

_LATE: Final = 60.0
"""Seconds after which it is looked whether a run is in the queue in which it should be."""

_REFILLED: Final = 200
"""Runs for which that is looked at a time."""

GRAPHS: Final = 64
"""Compiled graphs that are kept."""


class Launcher(ABC):
    """Starts segments of runs and keeps those that are at work.

    Args:
        database: The home's database.
        host: Models, tools, knowledge and files.
        recompile: Compiles the bundle of a run that is taken up again.
        day_limits: What each workspace may spend on a day, by kind.
        turns: How many runs are at work at a time.
        workers: The workers of a database that several share.
        backend: A queue for runs that nobody waits for; without one, they are at work where they are accepted.
    """

    def __init__(
        self,
        database: Database,
        host: Host,
        recompile: Recompile,
        *,
        day_limits: Mapping[str, float] | None = None,
        turns: Turns | None = None,
        workers: Workers | None = None,
        backend: RunBackend | None = None,
    ) -> None:
        self.turns = turns or Turns(PLACES)
        self.spending = Spending(database.reader, day_limits or {}, shared=workers is not None)
        self.runs = Runs(database.reader)
        self._database = database
        self._workers = workers
        self._backend = backend
        self._host = host
        self._recompile = recompile
        self._saver = GroupSaver(database.writer, database.reader)
        self._driver = Driver(database.reader, self._saver)
        self._bus = Bus()
        self._graphs: OrderedDict[str, tuple[CompiledApp, Graph]] = OrderedDict()
        self._segments: dict[str, Segment] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._kept: set[tuple[str, str]] = set()
        self._alarms = Alarms(database, self._take_answers, self._remind)
        self._takeover = None if workers is None else self._make_takeover(workers)
        self._taking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._sessions: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def _make_takeover(self, workers: Workers) -> Takeover:
        return Takeover(
            workers,
            take=self._take_orphan,
            watch=self._alarms.watch,
            at_work=lambda: self._tasks,
            stop=self._stop,
            refill=self._refill,
        )

    async def _live(self) -> None:
        if self._takeover is not None:
            await self._takeover.live()

    def _stop(self, run: str) -> None:
        """End the work on a run of which another worker has become the owner; nothing more is written of it."""
        task, segment = self._tasks.get(run), self._segments.get(run)
        if task is not None and segment is not None and not segment.offline:
            task.cancel()

    @abstractmethod
    async def resume(self, run: str, workspace: str = "main") -> RunInfo:
        """Take a run up where its journal ends."""

    @abstractmethod
    async def _take_answers(self, run: str, workspace: str) -> None:
        """Take a parked run up, now that there is an answer."""

    async def _remind(self, run: str, workspace: str, ask: OpenAsk) -> bool:
        """Write that a question of a parked run is still open."""
        async with self._taking[run]:
            record = await self.runs.get(run, workspace)
            if run in self._tasks or record.status != "waiting" or not await self._ours(run):
                return False
            memory = await self._database.reader.run(lambda connection: recall(connection, run))
            journal = self._journal(record.info, record.fence, memory)
            journal.emit("ask.reminded", str(ask["path"]), {"ask": ask["id"], "since": ask["at"]})
            await journal.barrier()
        return True

    async def _ours(self, run: str) -> bool:
        return self._workers is None or run in await self._workers.held([run])

    async def _begin(
        self,
        app: CompiledApp,
        info: RunInfo,
        inputs: dict[str, Json],
        begin: Sequence[Event],
        data: dict[str, Json],
        *,
        key: runs.Key | None = None,
        background: bool = False,
    ) -> None:
        """Write a run's row and the events that it begins with in one transaction, and start it, here or elsewhere."""
        await self._live()
        queue = self._backend if background else None
        await self._keep(app, info.workspace)
        kept = [await self._spilled(event, info.workspace) for event in begin]
        if isinstance(given := data.get("inputs"), dict):
            data = {**data, "inputs": await spill(given, self._host.files, info.workspace)}
        journal = self._journal(info, 1, None)
        record = runs.insert(journal.stream, info, inputs, limits_of(app))
        if self._workers is not None:
            self._workers.lease(journal.stream, info.id, queued=queue is not None)
        if key is not None:
            runs.remember(journal.stream, info, key)
        events = [journal.emit("run.accepted", data={"app": info.app, "digest": info.digest, **data})]
        for event in kept:
            events.append(journal.emit(event.type, event.path, event.data, attempt=event.attempt))
            if event.type == "run.started":
                record = runs.mark_started(journal.stream, record)
        for event in events:
            journal.memory.absorb(event)
        await journal.barrier()
        reach("after_accept")
        if queue is None:
            self._launch(app, record, journal)
        else:
            await self._put_into(queue, info)

    async def _put_into(self, queue: RunBackend, info: RunInfo) -> None:
        """Put an accepted run into the queue, now or, where that fails, with the next look at what it lacks."""
        try:
            await queue.submit(info.id, info.workspace)
        except Exception as error:  # noqa: BLE001 the run is accepted, whatever is wrong with the queue
            log.warning("the run %s is put into the queue later: %s", info.id, error)

    async def _take_orphan(self, run: str, workspace: str) -> None:
        """See to it that a run is taken up whose worker is dead: here, or by whoever takes it from the queue."""
        if self._backend is None or self._workers is None or await self._ours(run):
            await self.resume(run, workspace)
            return
        if await self._workers.hand_over(run):
            await self._backend.again(run, workspace)

    async def _refill(self) -> None:
        """Put into the queue what was to be put there when a process died."""
        if self._backend is not None and self._workers is not None:
            for run, workspace in await self._workers.queued(seconds=_LATE, most=_REFILLED):
                await self._backend.again(run, workspace)

    async def _spilled(self, event: Event, workspace: str) -> Event:
        ports = event.data.get("ports")
        if not isinstance(ports, dict) or "inherited" in event.data:
            return event
        return replace(event, data={**event.data, "ports": await spill(ports, self._host.files, workspace)})

    async def _keep(self, app: CompiledApp, workspace: str) -> None:
        if (workspace, app.digest) not in self._kept:
            await self._database.bundles.put(app.bundle, workspace)
            for inner in app.apps.values():
                await self._database.bundles.put(inner.bundle, workspace)
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
        if self._alarms.closed:
            return  # The row says that it is to be taken up, which the next start does.
        on_exceed = app.document.budget.on_exceed or "stop"
        account = Account(limits_of(app), spent=journal.memory.spent, on_exceed=on_exceed)
        segment = Segment(
            record=record, host=self._host, journal=journal, account=account, offline=offline,
            publish=lambda item: self._bus.publish((item,)), ledger=dict(journal.memory.intents),
            reader=None if offline else self._database.reader,
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
        """Run a segment; a run whose journal cannot be written any more is left to whoever takes it up."""
        try:
            await self._in_turn(app, segment)
        except StorageError as error:
            log.warning("the run %s is left where its journal ends: %s", segment.info.id, error)

    async def _in_turn(self, app: CompiledApp, segment: Segment) -> None:
        """Run a segment; runs of one session wait for each other."""
        info = segment.info
        only = segment.journal.memory.only
        graph = self._graphs[app.digest][1] if only is None else lower(app, self._saver, only=only)
        if info.session is None or segment.offline:
            await self._work(app, graph, segment)
        else:
            # Nothing may be waited for before this: turns are taken in the order in which they came.
            async with self._sessions[f"{info.workspace}/{info.session}"], self._turn(info):
                await self._work(app, graph, segment)
        if segment.opened:
            await self._alarms.watch(info.id, info.workspace)

    def _turn(self, info: RunInfo) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._workers is None else self._workers.turn(info)

    async def _work(self, app: CompiledApp, graph: Graph, segment: Segment) -> None:
        async with self.turns.place((segment.info.workspace, segment.info.app)):
            granted(segment, segment.account)
            if not segment.offline:
                await self._draw(app, segment)
            await self._driver.run(app, graph, segment)

    async def _draw(self, app: CompiledApp, segment: Segment) -> None:
        """Put the run's account below those of its user, its app and its workspace, and settle what a crash left."""
        segment.day = today()
        segment.account.parent = await self.spending.account(segment.day, app, segment.info)
        account = segment.account.parent
        while account is not None:
            granted(segment, account)
            account = account.parent
        write_off(segment)

    async def _claim(self, record: RunRecord, *, force: bool = False) -> int:
        """Take a run over, and return the fence that shuts everybody else out.

        Raises:
            RunNotOpen: It has moved on since it was read, or another worker is at work on it.
        """
        run, workers = record.info.id, self._workers
        await self._live()

        def claim(connection: Connection) -> int | None:
            if workers is None:
                return runs.take_over(connection, run, record.fence)
            return workers.claim(connection, run, record.fence, force=force)

        fence = await self._database.writer.call(claim)
        if fence is None:
            raise RunNotOpen("The run has moved on, or another process is at work on it.", where=run)
        return fence

    async def _reopened(self, record: RunRecord) -> Journal:
        """Return the journal of a run, with a fence that shuts everybody else out, also who may be at work on it.

        Raises:
            RunNotOpen: It has moved on since it was read.
        """
        run = record.info.id
        fence = await self._claim(record, force=True)
        memory = await self._database.reader.run(lambda connection: recall(connection, run))
        return self._journal(record.info, fence, memory)


def new_info(app: CompiledApp, origin: Origin) -> RunInfo:
    """Return the identity of a new run."""
    return RunInfo(
        id=new_id("run"), workspace=origin.workspace, app=app.id, version=app.version, digest=app.digest,
        principal=origin.principal, surface=origin.surface, session=origin.session,
    )  # fmt: skip
