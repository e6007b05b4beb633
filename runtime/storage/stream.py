"""Ordered writes of one run, queued for the writer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from .errors import StorageError, StreamLost

__all__ = ["Listener", "Row", "Sink", "Statement", "Stream", "Unit", "Value"]

Value: TypeAlias = str | bytes | int | float | None
Row: TypeAlias = Sequence[Value]
Statement: TypeAlias = tuple[str, Row]
"""SQL text and its parameters."""

Listener: TypeAlias = Callable[[list[Any]], None]


@dataclass(slots=True, eq=False, kw_only=True)
class Unit:
    """What one stream wrote within one batch; a stream has at most one unit in a batch."""

    stream: Stream
    appends: list[Statement] = field(default_factory=list[Statement])
    executes: list[Statement] = field(default_factory=list[Statement])
    notes: list[Any] = field(default_factory=list[Any])
    waiters: list[asyncio.Future[None]] = field(default_factory=list["asyncio.Future[None]"])
    power: bool = False

    def succeed(self) -> None:
        """Publish the notes, then let those who wait go on: an event is public before its writer acts on it."""
        try:
            if self.notes and self.stream.listener is not None:
                self.stream.listener(self.notes)
        finally:
            for waiter in self.waiters:
                if not waiter.done():
                    waiter.set_result(None)

    def fail(self, error: StorageError) -> None:
        """Lose the stream and tell those who wait."""
        self.stream.lost = self.stream.lost or error
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_exception(error)


class Sink(Protocol):
    """Where streams put their units: the writer."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that owns the queue."""
        ...

    def enqueue(self, unit: Unit) -> None:
        """Add an open unit to the next batch."""
        ...

    def kick(self) -> None:
        """Ask for the next batch to be written."""
        ...


class Stream:
    """An ordered sequence of writes which, from the first failure on, all fail.

    `append` and `execute` only queue. Nothing is durable before what was queued before it on the same stream.

    Args:
        sink: The writer that it belongs to.
        guard: A query that must return a row for a unit to be applied (the fencing check); `None` for no check.
        listener: Receives what was noted, on the event loop, once the writes queued before it are committed.
    """

    __slots__ = ("_sink", "_unit", "guard", "listener", "lost", "taken")

    def __init__(self, sink: Sink, guard: Statement | None = None, listener: Listener | None = None) -> None:
        self._sink = sink
        self._unit: Unit | None = None
        self.guard = guard
        self.listener = listener
        self.lost: StorageError | None = None
        self.taken = 0

    def append(self, sql: str, row: Row) -> None:
        """Queue an insert: all appends of a batch come before its guards and executes, grouped by their SQL text.

        Raises:
            StreamLost: An earlier write of the stream failed.
            WriterClosed: The database is closed.
        """
        self._open().appends.append((sql, row))

    def execute(self, sql: str, row: Row = ()) -> None:
        """Queue a statement; the statements of a stream keep their order.

        Raises:
            StreamLost: An earlier write of the stream failed.
            WriterClosed: The database is closed.
        """
        self._open().executes.append((sql, row))

    def note(self, item: object) -> None:
        """Hand an item to the listener once everything queued so far is committed; never after a failure.

        Raises:
            StreamLost: An earlier write of the stream failed.
            WriterClosed: The database is closed.
        """
        self._open().notes.append(item)

    def commit(self, *, power: bool = False) -> asyncio.Future[None]:
        """Return a future of the commit of all that was queued before, by anyone.

        Args:
            power: Also flush to the disk (`synchronous=FULL`), so that the writes survive a power cut.

        Raises:
            StreamLost: An earlier write of the stream failed, or, through the future, this one.
            Fenced: Through the future: the guard returned no row.
            StorageFull: Through the future: the disk stayed full for longer than the writer's patience.
            WriterClosed: The database is closed.
        """
        future = self._sink.loop.create_future()
        unit = self._open()
        unit.waiters.append(future)
        unit.power = unit.power or power
        self._sink.kick()
        return future

    def flush(self) -> None:
        """Ask for a commit without waiting for it.

        Raises:
            StreamLost: An earlier write of the stream failed.
            WriterClosed: The database is closed.
        """
        self._open()
        self._sink.kick()

    def withdraw(self, texts: Collection[str]) -> None:
        """Take appends with these SQL texts back, as far as no batch has taken them: they became pointless."""
        if self._unit is not None:
            self._unit.appends = [item for item in self._unit.appends if item[0] not in texts]

    def take(self) -> None:
        """Learn that the writer has taken the open unit into a batch."""
        self._unit = None
        self.taken += 1

    def lost_again(self) -> StreamLost:
        """Return the error of a write that comes after the one that failed."""
        reason = self.lost.message if self.lost else "unknown."
        return StreamLost(f"An earlier write of this run failed: {reason}", fix="Read the run again and resume it.")

    def _open(self) -> Unit:
        if self.lost is not None:
            raise self.lost_again() from self.lost
        if self._unit is None:
            unit = Unit(stream=self)
            self._sink.enqueue(unit)
            self._unit = unit
        return self._unit
