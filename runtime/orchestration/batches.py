"""Batches of requests that are answered when nobody waits for a model."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Any, Final

from ..base.ids import new_id
from ..storage import BatchRow, Database, FileRow
from .batch_run import Answers, BatchRun, now_ms

__all__ = ["Batches"]

LINES: Final = 4
"""Requests that are answered at once, of all batches; batches take turns."""
MOST: Final = 8
"""Batches that are worked at."""
_LEASE: Final = 60_000
_PAUSE: Final = 10.0
_AFTER_FAILURE: Final = 30.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Work:
    run: BatchRun
    task: asyncio.Task[None]


class Batches:
    """Takes batches and works them off while the server lives.

    Args:
        database: Where they are.
        worker: The id of this home among those that share the database.
    """

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker
        self._work: dict[str, _Work] = {}
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(LINES)
        self._task: asyncio.Task[None] | None = None

    def start(self, answers: Answers) -> None:
        """Begin to work, also at what was begun before.

        Args:
            answers: Answers requests.
        """
        self._task = asyncio.create_task(self._serve(answers))

    async def close(self) -> None:
        """Stop; the lines that are being answered are answered again when work goes on."""
        tasks = [work.task for work in self._work.values()] + ([self._task] if self._task else [])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._work.clear()
        self._task = None

    async def create(
        self, file: FileRow, principal: str, endpoint: str, *, seconds: float, told: dict[str, Any]
    ) -> BatchRow:
        """Take a batch.

        Args:
            file: Its input.
            principal: Who gave it.
            endpoint: Where its requests go.
            seconds: How long it may take.
            told: What is to be shown of it.

        Raises:
            StorageError: The database cannot be written.
        """
        now = now_ms()
        batch = BatchRow(
            new_id("batch"), file.workspace, principal, "validating", endpoint, file.artifact,
            {**told, "input_file_id": file.id}, now + int(seconds * 1000), now,
        )  # fmt: skip
        await self._database.batches.put(batch)
        self._wake.set()
        return batch

    async def cancel(self, batch: BatchRow) -> BatchRow | None:
        """Cancel a batch, and return it, or None where it is over."""
        told = {"cancelling_at": now_ms() // 1000}
        found = await self._database.batches.change(
            batch, "cancelling", told, was=("validating", "in_progress", "finalizing")
        )
        if work := self._work.get(batch.id):
            work.run.cancelled.set()
        self._wake.set()
        return found

    async def _serve(self, answers: Answers) -> None:
        while True:
            self._wake.clear()
            try:
                await self._take(answers)
            except Exception:
                log.exception("Batches cannot be taken.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _PAUSE)

    async def _take(self, answers: Answers) -> None:
        """Begin with batches that nobody works at, and leave those that are to be cancelled or are another's by now."""
        now = now_ms()
        taken = await self._database.batches.take(self._worker, now=now, until=now + _LEASE, limit=MOST)
        for lost in self._work.keys() - {batch.id for batch in taken}:
            self._work[lost].task.cancel()
        for batch in taken:
            work = self._work.get(batch.id)
            if work is None:
                run = BatchRun(batch, self._database, answers, self._places, LINES)
                self._work[batch.id] = _Work(run, asyncio.create_task(self._run(batch.id, run)))
            elif batch.status == "cancelling":
                work.run.cancelled.set()

    async def _run(self, batch: str, run: BatchRun) -> None:
        try:
            await run.work()
        except Exception:
            log.exception("The batch %s cannot go on for now.", batch)
            await asyncio.sleep(_AFTER_FAILURE)
        finally:
            self._work.pop(batch, None)
            self._wake.set()
