"""A queue of runs in PostgreSQL, by DBOS Transact: its public API only, with JSON arguments.

DBOS sees one workflow for each segment of a run that was put into the queue, without steps of its own: what is within
a segment is in the run's journal. A workflow's id is the run's with the fence that the run had before, so that putting
it into the queue twice counts once. DBOS recovers the workflows of a process when that comes back; those of a process
that does not are resumed by whoever finds its runs (`Takeover`).
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
_OPEN: Final = ("PENDING", "ENQUEUED", "DELAYED")


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
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_awaited(work, run, workspace), loop))

        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=self._places, polling_interval_sec=_POLLING)
        return DBOS

    async def submit(self, run: str, workspace: str, fence: int) -> None:
        """Put a run into the queue; the same run with the same fence counts once."""
        # Not by DBOS's own coroutines: those leave the event loop with a pool of threads that ends with DBOS.
        await asyncio.to_thread(self._enqueue, f"{run}.{fence}", run, workspace)

    async def again(self, run: str, workspace: str, fence: int) -> None:
        """Resume the workflow in which a dead worker had a run, or make one where it had it without."""
        await asyncio.to_thread(self._again, run, workspace, fence)

    async def close(self) -> None:
        """Take nothing more from the queue; what this process had goes on where it comes back, or elsewhere."""
        queue, self._dbos = self._dbos, None
        if queue is not None:
            await asyncio.to_thread(queue.destroy, destroy_registry=True)

    def _again(self, run: str, workspace: str, fence: int) -> None:
        name = f"{run}.{fence - 1}"
        status = self._open().get_workflow_status(name)
        if status is not None and status.status in _OPEN:
            self._open().resume_workflow(name, queue_name=QUEUE)
        else:
            self._enqueue(f"{run}.{fence}", run, workspace)

    def _enqueue(self, name: str, run: str, workspace: str) -> None:
        from dbos import EnqueueOptions

        options = EnqueueOptions(workflow_name=SEGMENT, queue_name=QUEUE, workflow_id=name, app_version=_VERSION)
        self._open().enqueue_workflow_with_options(options, run, workspace)

    def _open(self) -> type[DBOS]:
        if self._dbos is None:
            raise RuntimeError("the queue is not open")
        return self._dbos


async def _awaited(work: Work, run: str, workspace: str) -> None:
    await work(run, workspace)
