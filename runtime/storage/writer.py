"""One thread that writes to the database; many callers, one transaction.

A caller queues writes on a `Stream`; `commit` waits until all that was queued before it, *by anyone*, is committed. So
the database always holds a prefix of what happened here: nothing is durable before what it depends on, and a caller
pays for a commit only where something is about to become visible outside.

All bookkeeping lives on the event loop. The thread receives a whole batch, applies it in one transaction and posts the
outcome back; meanwhile the next batch grows. There is no lock, and no write is acknowledged before COMMIT. Source of
the idea: group commit, DeWitt et al., "Implementation techniques for main memory database systems" (1984).
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future as ThreadFuture
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from .applier import Applier, Stats
from .connection import Backend, Connection, Session
from .errors import StorageError, WriterClosed
from .stream import Listener, Statement, Stream, Unit

__all__ = ["Writer"]

T = TypeVar("T")

_LINGER: Final = 0.005
"""Seconds that queued writes may wait for somebody's commit before they are flushed on their own."""


@dataclass(slots=True, eq=False)
class _Call:
    """A function to run on the connection in a transaction of its own, in order with the batches."""

    function: Callable[[Connection], Any]
    future: asyncio.Future[Any]

    def settle(self, value: object, error: BaseException | None) -> None:
        """Hand the outcome to the caller."""
        if self.future.done():
            return
        if error is None:
            self.future.set_result(value)
        else:
            self.future.set_exception(error)


_Work: TypeAlias = tuple[list[Unit], list[_Call]]


class Writer:
    """Owns this process's only writing connection to a database. Made and used on one event loop.

    Args:
        backend: The database.
        patience: Seconds for which a full disk or a lock is waited out before the waiting streams are failed.
    """

    def __init__(self, backend: Backend, *, patience: float = 60.0) -> None:
        self.backend = backend
        self.loop = asyncio.get_running_loop()
        self.stats = Stats()
        self._patience = patience
        self._queue: list[Unit] = []
        self._calls: list[_Call] = []
        self._busy = False
        self._kicked = False
        self._linger: asyncio.TimerHandle | None = None
        self._closed = True
        self._hurry = threading.Event()
        self._inbox: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._ready: ThreadFuture[None] = ThreadFuture()
        self._thread = threading.Thread(target=self._serve, name="database-writer", daemon=True)

    @property
    def stalled(self) -> str | None:
        """The host's fault that is being waited out, in the database's words."""
        return self.stats.stalled

    async def open(self) -> None:
        """Start the thread.

        Raises:
            StorageError: The database cannot be opened for writing.
        """
        self._thread.start()
        await asyncio.wrap_future(self._ready)
        self._closed = False

    async def close(self) -> None:
        """Commit what is queued and end the thread; a full disk is no longer waited out."""
        if self._closed:
            return
        self._hurry.set()
        last = self.stream().commit()
        self._closed = True
        try:
            with contextlib.suppress(StorageError):  # those whose writes fail hear of it themselves
                await last
        finally:
            self._inbox.put(None)
            await asyncio.to_thread(self._thread.join)

    def stream(self, guard: Statement | None = None, listener: Listener | None = None) -> Stream:
        """Open a stream: one per run segment, or one per write that stands alone."""
        return Stream(self, guard, listener)

    async def call(self, function: Callable[[Connection], T]) -> T:
        """Run `function` on the connection in a transaction of its own, after all that is queued.

        Raises:
            StorageError: The host failed; nothing was written.
            WriterClosed: The database is closed.
            Exception: As the function, or the database about its statements, raises it.
        """
        self._check_open()
        future: asyncio.Future[T] = self.loop.create_future()
        self._calls.append(_Call(function, future))
        self.kick()
        return await future

    # The event loop's side.

    def enqueue(self, unit: Unit) -> None:
        """Add an open unit to the next batch.

        Raises:
            WriterClosed: The database is closed.
        """
        self._check_open()
        self._queue.append(unit)
        if self._linger is None and not self._kicked:
            self._linger = self.loop.call_later(_LINGER, self.kick)

    def kick(self) -> None:
        """Hand the queue to the thread at the end of this turn of the loop, or when the thread is free."""
        if not self._kicked:
            self._kicked = True
            self.loop.call_soon(self._hand_over)

    def _check_open(self) -> None:
        if self._closed:
            raise WriterClosed("The database is closed.", where=self.backend.where, fix="Start the program again.")

    def _hand_over(self) -> None:
        if self._busy:
            return
        self._kicked = False
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        units, self._queue = self._take(), []
        calls, self._calls = self._calls, []
        if units or calls:
            self._busy = True
            self._inbox.put((units, calls))

    def _take(self) -> list[Unit]:
        """Return the queued units, but for those whose stream was lost after they were queued."""
        for unit in self._queue:
            unit.stream.take()
            if unit.stream.lost is not None:
                unit.fail(unit.stream.lost_again())
        return [unit for unit in self._queue if unit.stream.lost is None]

    def _done(self, units: list[Unit], outcomes: list[StorageError | None]) -> None:
        self._busy = False
        for unit, error in zip(units, outcomes, strict=True):
            if error is None:
                self.loop.call_soon(unit.succeed)  # apart from the others: a listener may fail
            else:
                unit.fail(error)
        if self._kicked:
            self._hand_over()

    # The thread's side.

    def _serve(self) -> None:
        try:
            session = self.backend.writer()
        except BaseException as error:  # noqa: BLE001 the edge of a thread
            self._ready.set_exception(error)
            return
        self._ready.set_result(None)
        applier = Applier(self.backend, session, self.stats, patience=self._patience, hurry=self._hurry)
        while (work := self._inbox.get()) is not None:
            units, calls = work
            outcomes = applier.apply(units) if units else []
            for call in calls:
                self._run(session, call)
            self._post(self._done, units, outcomes)
        session.close()

    def _run(self, session: Session, call: _Call) -> None:
        value, failure = None, None
        try:
            session.begin()
            value = call.function(session.connection)
            session.commit()
        except BaseException as error:  # noqa: BLE001 the edge of a thread: the caller receives it
            session.rollback()
            failure = error
            known = self.backend.explain(error)
            if known is not None:
                known.__cause__ = error
                failure = known
        self._post(call.settle, value, failure)

    def _post(self, function: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(function, *args)
