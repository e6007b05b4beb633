"""Takes runs up that wait: for people, times and events, for somebody to say what happened, or after a failure."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import replace

from agents.context import ToolReply
from agents.nodes.dialogue import as_text

from ..base.errors import Json
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
from .doubt import effects_of, find_doubt, settle
from .errors import AskNotOpen, RunNotOpen
from .journal import recall
from .launcher import Launcher
from .record import RunInfo
from .values import spill

__all__ = ["Parked"]


class Parked(Launcher):
    """The part of the engine that parked runs need."""

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
        if memory.begun is not None or record.status != "accepted":
            journal.emit("run.resumed", data={"from": record.status})
        stored = await self._database.reader.run(lambda connection: stored_answers(connection, run))
        for ask, answer in stored.items():
            if ask not in memory.answers:
                memory.answers[ask] = answer
                journal.emit("ask.answered", ask.rpartition(":")[0], {"ask": ask, "answer": answer})
        self._launch(app, replace(record, status="running", fence=fence), journal)
        return record.info

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
