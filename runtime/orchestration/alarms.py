"""Wakes parked runs: when an answer has come, when the time of a question is over, when somebody is to be reminded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

from ..storage import Database
from . import runs
from .answers import open_asks, stored_answers, time_out
from .journal import recall

__all__ = ["Alarms"]

TakeUp: TypeAlias = Callable[[str, str], Awaitable[None]]
"""Takes a parked run of a workspace up."""


class Alarms:
    """Watches the open questions of parked runs.

    Args:
        database: The home's database.
        take_up: Takes a run up that has an answer.
    """

    def __init__(self, database: Database, take_up: TakeUp) -> None:
        self._database = database
        self._take_up = take_up
        self._background: set[asyncio.Task[None]] = set()
        self._closed = False

    async def watch(self, run: str, workspace: str) -> None:
        """See whether an answer came while the run parked, and wake up when the first wait is over."""
        asks = await self._database.reader.run(lambda connection: open_asks(connection, run))
        loop = asyncio.get_running_loop()
        stored = await self._database.reader.run(lambda connection: stored_answers(connection, run))
        memory = await self._database.reader.run(lambda connection: recall(connection, run))
        if stored.keys() - memory.answers.keys():
            loop.call_soon(lambda: self.later(self._wake(run, workspace)))
            return
        deadlines = [ask["deadline"] for ask in asks if isinstance(ask["deadline"], int)]
        if deadlines:
            delay = max(min(deadlines) - runs.now(), 0) / 1000
            loop.call_later(delay, lambda: self.later(self._expire(run, workspace)))

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background, unless all is being closed."""
        if self._closed:
            work.close()
            return
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def close(self) -> list[asyncio.Task[None]]:
        """Begin nothing more, and return what is under way."""
        self._closed = True
        return [*self._background]

    async def _expire(self, run: str, workspace: str) -> None:
        await self._database.writer.call(lambda connection: time_out(connection, run))
        await self._wake(run, workspace)

    async def _wake(self, run: str, workspace: str) -> None:
        await self._take_up(run, workspace)
