"""Wakes parked runs: when an answer has come, when the time of a question is over, when somebody is to be reminded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

from ..base.durations import seconds
from ..storage import Database
from . import runs
from .answers import OpenAsk, open_asks, stored_answers, time_out
from .journal import recall

__all__ = ["Alarms"]

TakeUp: TypeAlias = Callable[[str, str], Coroutine[Any, Any, None]]
"""Takes a parked run of a workspace up."""

Remind: TypeAlias = Callable[[str, str, OpenAsk], Awaitable[bool]]
"""Writes a reminder, unless the run is not parked any more, and says whether it has."""


class Alarms:
    """Watches the open questions of parked runs.

    Args:
        database: The home's database.
        take_up: Takes a run up that has an answer.
        remind: Writes into a parked run's journal that a question is still open.
    """

    def __init__(self, database: Database, take_up: TakeUp, remind: Remind) -> None:
        self._database = database
        self._take_up = take_up
        self._write = remind
        self._background: set[asyncio.Task[None]] = set()
        self._reminding: set[tuple[str, str]] = set()
        self.closed = False

    async def watch(self, run: str, workspace: str) -> None:
        """See whether an answer came while the run parked, and wake up when the first wait is over."""
        asks = await self._database.reader.run(lambda connection: open_asks(connection, run))
        loop = asyncio.get_running_loop()
        stored = await self._database.reader.run(lambda connection: stored_answers(connection, run))
        memory = await self._database.reader.run(lambda connection: recall(connection, run))
        if stored.keys() - memory.answers.keys():
            loop.call_soon(lambda: self.later(self._take_up(run, workspace)))
            return
        deadlines = [ask["deadline"] for ask in asks if isinstance(ask["deadline"], int)]
        if deadlines:
            delay = max(min(deadlines) - runs.now(), 0) / 1000
            loop.call_later(delay, lambda: self.later(self._expire(run, workspace)))
        for ask in asks:
            self._remind_later(run, workspace, ask)

    def _remind_later(self, run: str, workspace: str, ask: OpenAsk) -> None:
        """Remind of a question when the next of its times is over; those that have passed unseen count once."""
        request = ask["request"]
        every = request.get("remind") if isinstance(request, dict) else None
        name = str(ask["id"])
        if not isinstance(every, str) or not isinstance(ask["at"], int) or (run, name) in self._reminding:
            return
        self._reminding.add((run, name))
        step = seconds(every) * 1000
        passed = int((runs.now() - ask["at"]) // step)
        delay = max(ask["at"] + (passed + 1) * step - runs.now(), 0) / 1000
        asyncio.get_running_loop().call_later(delay, lambda: self.later(self._remind(run, workspace, name)))

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background, unless all is being closed."""
        if self.closed:
            work.close()
            return
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def close(self) -> list[asyncio.Task[None]]:
        """Begin nothing more, and return what is under way."""
        self.closed = True
        return [*self._background]

    async def _expire(self, run: str, workspace: str) -> None:
        await self._database.writer.call(lambda connection: time_out(connection, run))
        await self._take_up(run, workspace)

    async def _remind(self, run: str, workspace: str, name: str) -> None:
        self._reminding.discard((run, name))
        asks = await self._database.reader.run(lambda connection: open_asks(connection, run))
        for ask in asks:
            if ask["id"] == name and await self._write(run, workspace, ask):
                self._remind_later(run, workspace, ask)
