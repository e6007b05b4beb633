"""A queue of runs in PostgreSQL, by DBOS Transact: its public API only, with JSON arguments.

DBOS sees one workflow for each segment of a run that was put into the queue, without steps of its own: what is within
a segment is in the run's journal. A run has one workflow at a time, so that putting it into the queue twice counts
once; one that has failed is followed by another. DBOS recovers the workflows of a process when that comes back; those
of a process that does not are resumed by whoever finds its runs (`Takeover`).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from .backend import Work

if TYPE_CHECKING:
    from dbos import DBOS

__all__ = ["DbosBackend"]

QUEUE: Final = "baigong_runs"
SEGMENT: Final = "baigong.segment"
_VERSION: Final = "1"
"""Of the arguments of a segment; workers of one version take each other's."""

_POLLING: Final = 0.5
_AT_WORK: Final = "PENDING"


class DbosBackend:
    """Implements `backend.RunBackend`. DBOS allows one in a process.

    Args:
        url: The PostgreSQL database; DBOS keeps its tables in the schema `dbos`.
        worker: The id of this process, under which DBOS finds what it had before.
        places: How many runs this process takes at a time.
    """

    def __init__(self, url: str, worker: str, *, places: int) -> None:
        self._url = url
        self._worker = worker
        self._places = places
        self._starting = asyncio.Lock()
        self._dbos: type[DBOS] | None = None

    async def start(self, work: Work) -> None:
        """Open the queue, and begin to take runs from it."""
        async with self._starting:
            if self._dbos is None:
                loop = asyncio.get_running_loop()
                self._dbos = await asyncio.to_thread(self._launch, work, loop)

    def _launch(self, work: Work, loop: asyncio.AbstractEventLoop) -> type[DBOS]:
        from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

        logging.getLogger("dbos").setLevel(logging.WARNING)
        config = DBOSConfig(
            name="baigong",
            system_database_url=self._url,
            executor_id=self._worker,
            application_version=_VERSION,
            serializer=DBOSPortableJSONSerializer(),
            log_level="WARNING",
        )
        DBOS(config=config)

        @DBOS.workflow(name=SEGMENT)
        async def segment(run: str, workspace: str) -> None:  # pyright: ignore[reportUnusedFunction] by its name
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(run, workspace), loop))

        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=self._places, polling_interval_sec=_POLLING)
        return DBOS

    async def submit(self, run: str, workspace: str) -> None:
        """Put a run into the queue, unless it is there, or is at work from it."""
        # Not by DBOS's own coroutines: those leave the event loop with a pool of threads that ends with DBOS.
        await asyncio.to_thread(self._enqueue, run, workspace)

    async def again(self, run: str, workspace: str) -> None:
        """Put a run into the queue whose worker is dead: resume the workflow in which it had it, if it had one."""
        await asyncio.to_thread(self._again, run, workspace)

    async def close(self) -> None:
        """Take nothing more from the queue; what this process had goes on where it comes back, or elsewhere."""
        queue, self._dbos = self._dbos, None
        if queue is not None:
            await asyncio.to_thread(queue.destroy, destroy_registry=True)

    def _again(self, run: str, workspace: str) -> None:
        name = self._enqueue(run, workspace)
        status = self._open().get_workflow_status(name)
        if status is not None and status.status == _AT_WORK:
            self._open().resume_workflow(name, queue_name=QUEUE)

    def _enqueue(self, run: str, workspace: str) -> str:
        """Return the id of the one workflow that is there for a run, be it new or not."""
        from dbos import EnqueueOptions

        options = EnqueueOptions(
            workflow_name=SEGMENT, queue_name=QUEUE, app_version=_VERSION, deduplication_id=run,
            duplication_policy="return-existing",
        )  # fmt: skip
        return self._open().enqueue_workflow_with_options(options, run, workspace).workflow_id

    def _open(self) -> type[DBOS]:
        if self._dbos is None:
            raise RuntimeError("the queue is not open")
        return self._dbos
