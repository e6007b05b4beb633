"""Accepts, runs, parks, takes up and cancels runs. One engine owns a home's open runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import replace

from agents.graph import CompiledApp

from ..base.errors import BaigongError, Json
from ..base.events import TERMINAL, Event, Live
from . import runs
from .budget import limits_of
from .errors import RunNotFound, RunNotOpen
from .follow import follow
from .forks import Fork, entries
from .inputs import check_inputs
from .journal import read_events, recall
from .launcher import Recompile, new_info
from .parked import Parked
from .record import AT_WORK, OPEN, Origin, RunInfo, RunRecord
from .relay import settled

__all__ = ["Engine", "Recompile"]

log = logging.getLogger(__name__)


class Engine(Parked):
    """Runs compiled apps; see `Launcher` for what it is made of."""

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
        change: Fork | None = None,
    ) -> RunInfo:
        """Accept a run durably and start it. A key that comes again is the caller's to look up before.

        Args:
            app: The app.
            inputs: Its inputs.
            workspace: Where the run belongs.
            principal: Who has asked for it.
            surface: By which way.
            session: The conversation that it belongs to.
            key: An idempotency key.
            change: Nodes that are not run and what their ports hold instead, or the only node that is run; what that
                one reads must be pinned or come from the inputs.

        Raises:
            InputInvalid: The inputs do not fit the app.
            PlaceUnknown: The app has no such node.
            PinInvalid: A pinned value does not fit its port.
            StorageError: It could not be written; nothing was started.
        """
        origin = Origin(workspace=workspace, principal=principal, surface=surface, session=session)
        return await self.take_in(app, inputs, origin, key=key, change=change)

    async def take_in(
        self,
        app: CompiledApp,
        inputs: dict[str, Json],
        origin: Origin,
        *,
        key: runs.Key | None = None,
        change: Fork | None = None,
        background: bool = False,
    ) -> RunInfo:
        """Accept a run as `accept` does.

        Args:
            app: The app.
            inputs: Its inputs.
            origin: Whose run it is.
            key: An idempotency key.
            change: Nodes that are not run, or the only one that is.
            background: Whether nobody waits for it, so that it may be at work wherever there is a place.
        """
        if background and self._backend is not None:
            await self._backend.start(self._work_on)
        only = change.only if change else None
        checked = check_inputs(app, inputs, partly=only is not None)
        begin = entries((), app, change) if change else []
        info = new_info(app, origin)
        data: dict[str, Json] = {"inputs": checked, **({"only": only} if only else {})}
        await self._begin(app, info, checked, begin, data, key=key, background=background)
        return info

    async def fork(
        self, run: str, change: Fork, *, workspace: str = "main", principal: str = "local", surface: str = "cli"
    ) -> RunInfo:
        """Start a new run from what another one has done.

        It works with the parent's bundle, belongs to no session and leaves session, user and app state alone.

        Raises:
            RunNotFound: There is no such run.
            PlaceUnknown: The app has no such node.
            PinInvalid: A value does not fit its port.
        """
        parent = await self.runs.get(run, workspace)
        app = await self._app(parent.info.digest, workspace)
        events = await self.history(run, upto=change.at)
        begin = entries(events, app, change)
        started = [event for event in events if event.type == "run.started"][:1]
        at = change.at if change.at is not None else (events[-1].seq if events else 0)
        origin = Origin(workspace=workspace, principal=principal, surface=surface)
        info = replace(new_info(app, origin), fork_of=run, fork_at=at)
        data: dict[str, Json] = {"inputs": parent.inputs, "fork_of": run, "fork_at": at}
        if change.only:
            data["only"] = change.only
        await self._begin(app, info, parent.inputs, [*started, *begin], data)
        return info

    async def wait(self, run: str, workspace: str = "main", *, timeout: float | None = None) -> RunRecord:  # noqa: ASYNC109
        """Return the run once it has ended or parked, or as it is when the time is up."""
        task, segment = self._tasks.get(run), self._segments.get(run)
        if task is not None:
            await asyncio.wait([task], timeout=timeout)
        elif self._workers is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(settled(run, self._database.reader), timeout)
        if segment is not None and segment.left and segment.info.workspace == workspace:
            return segment.record
        return await self.runs.get(run, workspace)

    async def start(self) -> list[str]:
        """Take up every run that a dead process left unfinished and return their ids."""
        if self._backend is not None:
            await self._backend.start(self._work_on)
        if self._takeover is not None:
            return await self._takeover.start()
        found = await self.runs.of_status(*AT_WORK)
        taken: list[str] = []
        for run, workspace in found:
            try:
                await self.resume(run, workspace)
            except BaigongError as error:
                log.warning("the run %s cannot be taken up: %s", run, error)
            else:
                taken.append(run)
        for run, workspace in await self.runs.of_status("waiting"):
            await self._alarms.watch(run, workspace)
        return taken

    async def _work_on(self, run: str, workspace: str) -> None:
        """Take a run from the queue up, unless somebody else has, and stay until this process is done with it."""
        with contextlib.suppress(RunNotFound, RunNotOpen):
            await self.resume(run, workspace)
            await self.wait(run, workspace)

    async def replay(self, run: str, workspace: str = "main") -> RunRecord:
        """Run again from the journal alone and return the new run; a call that the journal lacks is an error.

        Raises:
            RunNotFound: There is no such run.
        """
        record = await self.runs.get(run, workspace)
        app = await self._app(record.info.digest, workspace)
        memory = await self._database.reader.run(lambda connection: recall(connection, run))
        whose = record.info
        origin = Origin(workspace=workspace, principal=whose.principal, surface="replay", session=whose.session)
        info = replace(new_info(app, origin), fork_of=run)
        journal = self._journal(info, 1, memory.for_replay())
        replayed = runs.insert(journal.stream, info, record.inputs, limits_of(app))
        journal.emit("run.accepted", data={"app": info.app, "digest": info.digest, "fork_of": run})
        self._launch(app, replayed, journal, offline=True)
        return await self.wait(info.id, workspace)

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

    async def history(self, run: str, *, after: int = 0, upto: int | None = None) -> list[Event]:
        """Return the events of a run's journal after a number and up to another.

        Raises:
            JournalDamaged: One of them cannot be read.
        """
        return await self._database.reader.run(lambda connection: read_events(connection, run, after=after, upto=upto))

    def events(self, run: str, *, after: int = 0, parked: bool = False) -> AsyncGenerator[Live, None]:
        """Yield a run's events after a number: first those of the journal, then live ones, until it ends.

        Args:
            run: The run, which the caller may see.
            after: The last number that is known already.
            parked: Whether to go on while the run waits for a person.
        """
        return follow(
            run, self._bus, self._database.reader, lambda: self._tasks.get(run), lambda: self._segments.get(run),
            after=after, parked=parked, elsewhere=self._workers is not None,
        )  # fmt: skip

    async def close(self, *, drain: float = 0.0) -> None:
        """Stop where we are; open runs are taken up by the next `start`.

        Args:
            drain: Seconds that nodes at work have to come to their end; no more are begun meanwhile.
        """
        if self._takeover is not None:
            await self._takeover.close()
        if self._backend is not None:
            await self._backend.close()
        background = self._alarms.close()
        for segment in self._segments.values():
            segment.draining = True
        if drain and self._tasks:
            await asyncio.wait([*self._tasks.values()], timeout=drain)
        open_tasks = [*self._tasks.values(), *background]
        for task in open_tasks:
            task.cancel()
        if open_tasks:
            await asyncio.wait(open_tasks)
        if self._takeover is not None:
            await self._takeover.leave()

    async def _end_parked(self, record: RunRecord) -> None:
        run = record.info.id
        journal = await self._reopened(record)
        journal.emit(TERMINAL, data={"status": "cancelled", "outputs": None, "error": None, "usage": record.usage})
        runs.mark_ended(journal.stream, record, "cancelled", usage=record.usage)
        self._saver.forget(run, journal.stream)
        await journal.barrier()
