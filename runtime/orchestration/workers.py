"""Processes that share one database: which of them are alive, and which works on what.

Every worker writes down, again and again, that it lives, by the database's clock. Who has not done so for a while is
taken for dead: its runs go to whoever asks first, in one statement that also raises the run's fence, so that a worker
that was only slow can write nothing more. Source: Gray and Cheriton, "Leases" (1989); the fence is the "fencing token"
of Kleppmann, "Designing Data-Intensive Applications" (2017), 8.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Collection
from typing import Final

from ..storage import Connection, Database, StorageError, Stream
from .record import RunInfo

__all__ = ["Workers"]

BEAT: Final = 3.0
"""Seconds between two signs of life."""

PATIENCE: Final = 15.0
"""Seconds after which a worker without a sign of life is taken for dead."""

_PAUSE: Final = 0.1
"""Seconds between two tries to get a session's turn."""

QUEUE: Final = "queue"
"""Who has a run that lies in a queue: nobody yet, so that nobody takes it over, and anybody may take it up."""

_LEASE: Final = (
    "INSERT INTO leases (run, worker) VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET worker = excluded.worker"
)
_BEAT: Final = (
    "INSERT INTO workers (id, started, seen) VALUES (?, CLOCK, CLOCK) "
    "ON CONFLICT (id) DO UPDATE SET seen = excluded.seen"
)
_CLAIM: Final = (
    "UPDATE runs SET fence = fence + 1, status = 'running' WHERE id = ? AND fence = ? AND (? = 1 OR "
    "status NOT IN ('accepted', 'running') OR NOT EXISTS "
    "(SELECT 1 FROM leases JOIN workers ON workers.id = leases.worker WHERE leases.run = runs.id "
    "AND workers.id <> ? AND workers.seen > CLOCK - ?)) RETURNING fence"
)
_ORPHANS: Final = (
    "SELECT runs.id, runs.workspace, runs.status, leases.worker FROM runs LEFT JOIN leases ON leases.run = runs.id "
    "WHERE runs.status IN ('accepted', 'running', 'waiting') AND runs.surface <> 'replay' AND "
    "((leases.worker = ? AND (? = 1 OR runs.status <> 'waiting')) OR leases.worker IS NULL OR "
    "leases.worker <> 'queue' AND NOT EXISTS "
    "(SELECT 1 FROM workers WHERE workers.id = leases.worker AND workers.seen > CLOCK - ?)) "
    "ORDER BY runs.created, runs.id LIMIT ?"
)
_HAND_OVER: Final = (
    "INSERT INTO leases (run, worker) VALUES (?, 'queue') ON CONFLICT (run) DO UPDATE SET worker = 'queue' "
    "WHERE leases.worker <> 'queue' AND NOT EXISTS "
    "(SELECT 1 FROM workers WHERE workers.id = leases.worker AND workers.seen > CLOCK - ?)"
)
_QUEUED: Final = (
    "SELECT runs.id, runs.workspace FROM runs JOIN leases ON leases.run = runs.id "
    "WHERE leases.worker = 'queue' AND runs.status IN ('accepted', 'running') AND runs.created < CLOCK - ? "
    "ORDER BY runs.created, runs.id LIMIT ?"
)
_TURN: Final = (
    "INSERT INTO session_turns (workspace, session, run, worker) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (workspace, session) DO UPDATE SET run = excluded.run, worker = excluded.worker "
    "WHERE session_turns.run = excluded.run OR NOT EXISTS "
    "(SELECT 1 FROM runs WHERE runs.id = session_turns.run AND runs.status IN ('accepted', 'running')) OR NOT EXISTS "
    "(SELECT 1 FROM workers WHERE workers.id = session_turns.worker AND workers.seen > CLOCK - ?) RETURNING run"
)
_END_TURN: Final = "DELETE FROM session_turns WHERE workspace = ? AND session = ? AND run = ? AND worker = ?"


class Workers:
    """The workers of a database, as one of them sees them.

    Args:
        database: The database.
        worker: The id of this one; a process that comes after it under the same id takes its runs over at once.
        beat: Seconds between two signs of life.
        patience: Seconds after which a worker without one is taken for dead.
    """

    def __init__(self, database: Database, worker: str, *, beat: float = BEAT, patience: float = PATIENCE) -> None:
        self.id = worker
        self.beat_every = beat
        self._database = database
        self._patience = int(patience * 1000)
        self._clock = database.writer.backend.clock

    async def beat(self) -> None:
        """Write down that this worker lives."""
        await self._database.writer.call(lambda connection: connection.execute(self._timed(_BEAT), (self.id,)).rowcount)

    async def begin(self) -> None:
        """Come to life; turns that an earlier process of this id held are given up."""
        await self.beat()
        await self._database.writer.call(self._forget_turns)

    async def leave(self) -> None:
        """Say that this worker ends, so that others need not wait before they take its runs over."""

        def write(connection: Connection) -> None:
            connection.execute("DELETE FROM workers WHERE id = ?", (self.id,))
            self._forget_turns(connection)

        await self._database.writer.call(write)

    def lease(self, stream: Stream, run: str, *, queued: bool = False) -> None:
        """Queue that this worker works on a new run, or that it lies in a queue."""
        stream.append(_LEASE, (run, QUEUE if queued else self.id))

    def claim(self, connection: Connection, run: str, fence: int, *, force: bool = False) -> int | None:
        """Take a run over, and return its new fence; None where it has moved on, or a live worker is at work on it.

        Args:
            connection: Within a transaction.
            run: The run.
            fence: Its fence as it was read.
            force: Whether to take it from a live worker, too.
        """
        values = (run, fence, int(force), self.id, self._patience)
        row = connection.execute(self._timed(_CLAIM), values).fetchone()
        if row is None:
            return None
        connection.execute(_LEASE, (run, self.id))
        return row[0]

    async def adopt(self, run: str) -> None:
        """Look after a parked run from now on."""
        await self._database.writer.call(lambda connection: connection.execute(_LEASE, (run, self.id)).rowcount)

    async def hand_over(self, run: str) -> bool:
        """Leave the run of a dead worker to the queue, and say whether it was still that worker's."""
        query, values = self._timed(_HAND_OVER), (run, self._patience)
        return await self._database.writer.call(lambda connection: connection.execute(query, values).rowcount) == 1

    async def queued(self, *, seconds: float, most: int) -> list[tuple[str, str]]:
        """Return (run, workspace) of runs that were made before and lie in a queue, or should."""
        query = self._timed(_QUEUED)
        values = (int(seconds * 1000), most)
        return await self._database.reader.run(lambda connection: connection.execute(query, values).fetchall())

    async def orphans(self, *, most: int, parked: bool = False) -> list[tuple[str, str, str, str | None]]:
        """Return (run, workspace, status, worker) of open runs that no live worker but this one has, the oldest first.

        Args:
            most: How many at most.
            parked: Whether to return parked runs of this worker, too.
        """
        values = (self.id, int(parked), self._patience, most)
        query = self._timed(_ORPHANS)
        return await self._database.reader.run(lambda connection: connection.execute(query, values).fetchall())

    async def held(self, runs: Collection[str]) -> set[str]:
        """Return those of some runs that this worker has; a lease stays when its run is over."""
        if not runs:
            return set()
        query = f"SELECT run FROM leases WHERE worker = ? AND run IN ({', '.join('?' * len(runs))})"  # noqa: S608 places
        values = (self.id, *runs)
        rows = await self._database.reader.run(lambda connection: connection.execute(query, values).fetchall())
        return {row[0] for row in rows}

    @contextlib.asynccontextmanager
    async def turn(self, info: RunInfo) -> AsyncGenerator[None]:
        """Wait until no worker is at work on another run of the session, and keep others out while the block runs."""
        place = (info.workspace, str(info.session), info.id)
        values = (*place, self.id, self._patience)
        query = self._timed(_TURN)
        while not await self._database.writer.call(lambda connection: connection.execute(query, values).fetchone()):  # noqa: ASYNC110 the other run is another process's
            await asyncio.sleep(_PAUSE)
        try:
            yield
        finally:
            with contextlib.suppress(StorageError):  # then it is over with this worker
                stream = self._database.writer.stream()
                stream.execute(_END_TURN, (*place, self.id))
                stream.flush()

    def _timed(self, sql: str) -> str:
        return sql.replace("CLOCK", self._clock)

    def _forget_turns(self, connection: Connection) -> None:
        connection.execute("DELETE FROM session_turns WHERE worker = ?", (self.id,))
