"""Accepts, runs, parks, takes up and cancels runs. One engine owns a home's open runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Collection
from dataclasses import replace

from agents.context import ToolReply
from agents.graph import CompiledApp
from agents.nodes.dialogue import as_text

from ..base.errors import BaigongError, Json
from ..base.events import TERMINAL, Event, Live
from ..storage import Connection
from . import records, runs
from .answers import (
    PEOPLE,
    OpenAsk,
    awaiting,
    check_answer,
    check_who,
    filled,
    open_asks,
    put_answer,
    stored_answers,
)
from .budget import limits_of
from .doubt import effects_of, find_doubt, settle
from .errors import AskNotOpen, RunNotOpen
from .follow import follow
from .forks import Fork, entries
from .inputs import check_inputs
from .journal import read_events, recall
from .launcher import Launcher, Recompile, new_info
from .record import OPEN, RunInfo, RunRecord
from .relay import settled
from .values import spill

__all__ = ["Engine", "Recompile"]

log = logging.getLogger(__name__)


class Engine(Launcher):
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
        only = change.only if change else None
        checked = check_inputs(app, inputs, partly=only is not None)
        begin = entries((), app, change) if change else []
        info = new_info(app, workspace, principal, surface, session=session)
        await self._begin(app, info, checked, begin, {"inputs": checked, **({"only": only} if only else {})}, key=key)
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
        info = replace(new_info(app, workspace, principal, surface), fork_of=run, fork_at=at)
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
        if self._takeover is not None:
            return await self._takeover.start()
        found = await self.runs.of_status("accepted", "running")
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
        fence = await self._claim(record)
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
        made = new_info(app, workspace, record.info.principal, "replay", session=record.info.session)
        info = replace(made, fork_of=run)
        journal = self._journal(info, 1, memory.for_replay())
        replayed = runs.insert(journal.stream, info, record.inputs, limits_of(app))
        journal.emit("run.accepted", data={"app": info.app, "digest": info.digest, "fork_of": run})
        self._launch(app, replayed, journal, offline=True)
        return await self.wait(info.id, workspace)

    async def asks(self, run: str) -> list[OpenAsk]:
        """Return the open questions of a run to people."""
        return [one for one in await self.waits(run) if one["kind"] in PEOPLE]

    async def waits(self, run: str) -> list[OpenAsk]:
        """Return all that a run waits for: people, times, events."""
        return await self._database.reader.run(lambda connection: open_asks(connection, run))

    async def deliver(
        self, event: str, *, key: str | None = None, data: Json = None, by: str | None = None, workspace: str = "main"
    ) -> list[str]:
        """Give an event from outside to every run that waits for it, and return those runs."""
        found = await self._database.reader.run(lambda connection: awaiting(connection, workspace, event, key))
        form: dict[str, Json] = {"data": data}

        def put(connection: Connection) -> None:
            for run, ask in found:
                with contextlib.suppress(AskNotOpen):  # Another worker was faster.
                    put_answer(connection, run, ask, action="event", form=form, by=by)

        await self._database.writer.call(put)
        runs_ = list(dict.fromkeys(run for run, _ in found))
        for run in runs_:
            await self._take_answers(run, workspace)
        return runs_

    async def answer(
        self,
        run: str,
        ask: str,
        *,
        action: str,
        form: dict[str, Json],
        by: str | None,
        roles: Collection[str] = ("owner",),
        workspace: str = "main",
    ) -> None:
        """Answer a question and take the run up again.

        Args:
            run: The run.
            ask: The question.
            action: One of its actions.
            form: The fields of its form.
            by: Who answers.
            roles: What else they are; a question that is for some takes an answer from nobody else but an `owner`.
            workspace: Where the run belongs.

        Raises:
            RunNotFound: There is no such run.
            AskNotOpen: There is no such open question, or the answer does not fit it.
            NotTheirs: The question is for others.
        """
        await self.runs.get(run, workspace)
        found = next((one for one in await self.asks(run) if one["id"] == ask), None)
        if found is None:
            raise AskNotOpen(f"The question {ask!r} is not open.", where=run)
        check_who(found, [*roles, *([by] if by else [])])
        check_answer(found, action, form)
        await self._database.writer.call(
            lambda connection: put_answer(connection, run, ask, action=action, form=filled(found, form), by=by)
        )
        await self._take_answers(run, workspace)

    async def _take_answers(self, run: str, workspace: str) -> None:
        """Take a parked run up; one that still runs looks for answers itself when it parks."""
        task = self._tasks.get(run)
        if task is not None:
            task.add_done_callback(lambda _: self._alarms.later(self._take_answers(run, workspace)))
            return
        async with self._taking[run]:
            if run not in self._tasks and (await self.runs.get(run, workspace)).status == "waiting":
                with contextlib.suppress(RunNotOpen):  # Another worker was faster.
                    await self._resume(run, workspace)

    async def effects(self, run: str) -> list[dict[str, Json]]:
        """Return the effects of a run, with their state."""
        return await self._database.reader.run(lambda connection: effects_of(connection, run))

    async def settle(
        self,
        run: str,
        effect: str,
        *,
        done: bool,
        result: Json = None,
        text: str = "",
        by: str | None = None,
        workspace: str = "main",
    ) -> None:
        """Say whether an effect in doubt has happened, and take the run up once none is left in doubt.

        Args:
            run: The run, which is in doubt.
            effect: The effect's key.
            done: Whether it happened; if not, it is tried again.
            result: What the tool would have returned, where it happened.
            text: The same as text.
            by: Who says so.
            workspace: Where the run belongs.

        Raises:
            RunNotFound: There is no such run.
            EffectNotOpen: There is no such effect in doubt.
        """
        record = await self.runs.get(run, workspace)
        async with self._taking[run]:
            found = await self.effects(run)
            wanted = find_doubt(found, run, effect)
            journal = await self._reopened(record)
            reply = records.tool_reply(ToolReply(data=result, text=text or as_text(result)))
            kept = await spill(reply, self._host.files, workspace) if done else None
            settle(journal, wanted, kept, by=by)
            last = sum(one["state"] == "doubt" for one in found) == 1
            if not last:
                runs.mark_ended(journal.stream, record, "doubt", error=record.error, usage=record.usage)
            # With the last one the row says that the run goes on: a crash right after this cannot leave it parked.
            await journal.barrier()
            if last:
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
