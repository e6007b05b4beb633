"""Applies batches of writes to the connection; runs on the writer's thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .connection import Backend, Session
from .errors import CommitUnknown, Fenced, StorageError, StreamLost
from .stream import Row, Unit

__all__ = ["Applier", "Stats"]

_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 1.0


@dataclass(slots=True, kw_only=True)
class Stats:
    """Counters of a writer since it opened; `stalled` is the host's fault that is being waited out."""

    batches: int = 0
    units: int = 0
    rows: int = 0
    splits: int = 0
    stalls: int = 0
    seconds: float = 0.0
    stalled: str | None = None


class Applier:
    """Writes units in as few transactions as their faults allow.

    Args:
        backend: The database.
        session: The connection of this process that writes.
        stats: Counters to raise.
        patience: Seconds for which a fault of the host is retried, per batch.
        hurry: Ends the patience when set.
    """

    def __init__(
        self, backend: Backend, session: Session, stats: Stats, *, patience: float, hurry: threading.Event
    ) -> None:
        self._backend = backend
        self._session = session
        self._stats = stats
        self._patience = patience
        self._hurry = hurry

    def apply(self, units: Sequence[Unit]) -> list[StorageError | None]:
        """Apply all units in one transaction, or each in its own when one of them is at fault.

        A fault of the host (a full disk, a lock) is waited out; when it outlasts the patience it is the outcome.

        Returns:
            One outcome per unit.
        """
        started = time.perf_counter()
        deadline = time.monotonic() + self._patience
        outcome = self._attempt(units, deadline)
        if outcome is None or len(units) == 1 or self._common(outcome):
            outcomes: list[StorageError | None] = [outcome] * len(units)
        else:
            self._stats.splits += 1
            outcomes = [self._attempt([unit], deadline) for unit in units]
        self._stats.seconds += time.perf_counter() - started
        return outcomes

    def _common(self, outcome: StorageError) -> bool:
        """Whether an outcome is that of all units, and not the fault of one of them."""
        return isinstance(outcome, CommitUnknown) or self._backend.passing(outcome.__cause__ or outcome)

    def _attempt(self, units: Sequence[Unit], deadline: float) -> StorageError | None:
        """Apply the units in one transaction, again and again while only the host is at fault."""
        pause = _FIRST_PAUSE
        while True:
            try:
                self._transaction(units)
            except Exception as error:  # noqa: BLE001 the edge of a thread: whatever it is, those who wait must hear
                if not self._backend.passing(error) or time.monotonic() > deadline or self._hurry.is_set():
                    self._stats.stalled = None
                    return self._explain(error)
                self._stats.stalls += 1
                self._stats.stalled = str(error)
                self._hurry.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self._stats.stalled = None
                return None

    def _explain(self, error: Exception) -> StorageError:
        if isinstance(error, StorageError):
            return error
        lost = self._backend.explain(error) or StreamLost(f"A write failed: {error}.", where=self._backend.where)
        lost.__cause__ = error
        return lost

    def _transaction(self, units: Sequence[Unit]) -> None:
        session = self._session
        try:
            session.begin(power=any(unit.power for unit in units))
            self._write(units)
            session.commit()
        except BaseException:
            session.rollback()
            raise

    def _write(self, units: Sequence[Unit]) -> None:
        session, connection = self._session, self._session.connection
        groups: dict[str, list[Row]] = {}
        for unit in units:
            for sql, row in unit.appends:
                groups.setdefault(sql, []).append(row)
        for sql, rows in groups.items():
            connection.executemany(sql, rows)
        for unit in units:
            guard = unit.stream.guard
            if guard is not None and not session.holds(guard):
                fix = "Follow the run at its new owner."
                raise Fenced("The run has another owner.", where=self._backend.where, fix=fix)
            for sql, row in unit.executes:
                connection.execute(sql, row)
        self._stats.batches += 1
        self._stats.units += len(units)
        self._stats.rows += sum(map(len, groups.values()))
