"""Works one batch off: every line once, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from ..base.errors import BaigongError, Json
from ..base.ids import new_id
from ..models.errors import ModelBusy, ModelResting, ModelUnavailable
from ..models.ports import Caller
from ..storage import BatchRow, Database, FileRow, LineRow
from .batch_input import BatchRequest, read_requests

__all__ = ["Answers", "BatchRun", "now_ms"]

_TRIES: Final = 3
_LONGEST: Final = 60.0


class Answers(Protocol):
    """Answers the requests of batches, in the form of the interface that they came by."""

    async def answer(self, endpoint: str, body: Mapping[str, Json], caller: Caller) -> Mapping[str, Json]:
        """Return the body of the answer to a request.

        Raises:
            BaigongError: There is none.
        """
        ...

    def failed(self, error: BaigongError) -> tuple[int, Mapping[str, Json]]:
        """Return the status and the body of the answer that tells an error."""
        ...


def now_ms() -> int:
    """Return milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class BatchRun:
    """One batch.

    Args:
        batch: The batch.
        database: Where it and its results are.
        answers: Answers requests.
        places: Requests that may be answered at once, of all batches.
        width: How many of this batch may wait for a place.
    """

    def __init__(
        self, batch: BatchRow, database: Database, answers: Answers, places: asyncio.Semaphore, width: int
    ) -> None:
        self._batch = batch
        self._database = database
        self._answers = answers
        self._places = places
        self._width = width
        self._caller = Caller(workspace=batch.workspace, principal=batch.principal, background=True)
        self.cancelled = asyncio.Event()

    async def work(self) -> None:
        """Go on with the batch to its end.

        Raises:
            BaigongError: The storage failed; to go on later is possible.
        """
        if self._batch.status == "cancelling":
            self.cancelled.set()
        requests = await self._validated()
        if requests is None:
            return
        await self._answer_all(requests)
        await self._finish(requests)

    async def _validated(self) -> list[BatchRequest] | None:
        """Return the requests; None ends the batch."""
        batch, artifacts = self._batch, self._database.artifacts
        _, path = await artifacts.get(batch.artifact, batch.workspace)
        content = await asyncio.to_thread(path.read_bytes)
        requests, errors = await asyncio.to_thread(read_requests, content, batch.endpoint)
        if batch.status != "validating":
            return requests
        told: dict[str, Any] = {"total": len(requests), "in_progress_at": now_ms() // 1000}
        status = "in_progress"
        if errors:
            told = {"errors": {"object": "list", "data": errors}, "failed_at": now_ms() // 1000}
            status = "failed"
        changed = await self._database.batches.change(batch, status, told, was=("validating",))
        if changed is None:
            self.cancelled.set()
        return None if errors and changed else requests

    async def _answer_all(self, requests: list[BatchRequest]) -> None:
        """Answer what is not answered yet, until the batch is cancelled or its time is over."""
        known = await self._database.batches.known(self._batch.id)
        left = iter([request for request in requests if request.line not in known])
        working, waiting = asyncio.create_task(self._at_once(left)), asyncio.create_task(self.cancelled.wait())
        try:
            remaining = max(0.0, (self._batch.expires - now_ms()) / 1000)
            await asyncio.wait([working, waiting], timeout=remaining, return_when=asyncio.FIRST_COMPLETED)
        finally:
            working.cancel()
            waiting.cancel()
            await asyncio.wait([working, waiting])
        if not working.cancelled():
            working.result()

    async def _at_once(self, left: Iterator[BatchRequest]) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._width):
                group.create_task(self._answer_some(left))

    async def _answer_some(self, left: Iterator[BatchRequest]) -> None:
        for request in left:
            async with self._places:
                line = await self._answer(request)
            await self._database.batches.put_line(self._batch, line)

    async def _answer(self, request: BatchRequest) -> LineRow:
        status, body = 200, dict[str, Json]()
        for attempt in range(1, _TRIES + 1):
            try:
                body = dict(await self._patiently(request))
                break
            except BaigongError as error:
                status, told = self._answers.failed(error)
                body = dict(told)
                if not isinstance(error, ModelUnavailable) or attempt == _TRIES:
                    break
                status = 200
                await asyncio.sleep(2.0 ** (attempt - 1))
        answer: dict[str, Json] = {"status_code": status, "request_id": new_id("req"), "body": body}
        return _line(request, "done" if status == 200 else "failed", answer, None)

    async def _patiently(self, request: BatchRequest) -> Mapping[str, Json]:
        """Return an answer, however long the model says it is to be left alone."""
        while True:
            try:
                return await self._answers.answer(self._batch.endpoint, request.body, self._caller)
            except (ModelResting, ModelBusy) as error:
                wait = error.details.get("retry_after")
                await asyncio.sleep(min(_LONGEST, max(1.0, float(wait) if isinstance(wait, int | float) else 1.0)))

    async def _finish(self, requests: list[BatchRequest]) -> None:
        """Write the files of the results."""
        batches, status = self._database.batches, "cancelled" if self.cancelled.is_set() else "completed"
        rows = await batches.lines(self._batch.id)
        if status == "completed" and len(rows) < len(requests):
            status = "expired"
            known = {row.line for row in rows}
            rows += [_expired(request) for request in requests if request.line not in known]
        told: dict[str, Any] = {
            f"{status}_at": now_ms() // 1000,
            "done": sum(row.state == "done" for row in rows),
            "failed": sum(row.state == "failed" for row in rows),
            "total": len(requests),
        }
        was = ("in_progress", "finalizing")
        if status == "cancelled":
            was = ("cancelling",)
        elif not await batches.change(
            self._batch, "finalizing", {"finalizing_at": now_ms() // 1000}, was=("in_progress", "finalizing")
        ):
            self.cancelled.set()
            return await self._finish(requests)
        files = [
            file
            for state, key in (("done", "output"), ("failed", "error"))
            if (file := await self._file([row.result for row in rows if row.state == state], key, told))
        ]
        await batches.change(self._batch, status, told, was=was, files=files)
        return None

    async def _file(self, lines: list[str], key: str, told: dict[str, Any]) -> FileRow | None:
        if not lines:
            return None
        content, name = "".join(f"{line}\n" for line in lines).encode(), f"{self._batch.id}_{key}.jsonl"
        workspace = self._batch.workspace
        stored = await self._database.artifacts.put(
            content, name=name, media_type="application/jsonl", workspace=workspace
        )
        number = new_id("file").replace("_", "-")
        told[f"{key}_file_id"] = number
        return FileRow(number, workspace, "batch_output", name, stored["id"], stored["size"], now_ms())


def _expired(request: BatchRequest) -> LineRow:
    error: Json = {"code": "batch_expired", "message": "The batch's time was over before this request was answered."}
    return _line(request, "failed", None, error)


def _line(request: BatchRequest, state: str, response: Json, error: Json) -> LineRow:
    told = {"id": new_id("breq"), "custom_id": request.custom_id, "response": response, "error": error}
    return LineRow(request.line, state, json.dumps(told, ensure_ascii=False))
