"""The `runs` table: the truth about what a run is and whether it is finished."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import Final, cast

from ..base.errors import Json
from ..storage import Connection, Reader, Statement, Stream
from .errors import RunNotFound
from .record import OPEN, RunInfo, RunRecord, Status

__all__ = ["Key", "Runs", "guard", "insert", "mark_ended", "mark_started", "now", "remember", "take_over"]

_COLUMNS: Final = (
    "id, workspace, app, version, digest, surface, principal, session, fork_of, fork_at, status, fence, attempt, "
    "inputs, outputs, error, usage, created, started, ended"
)
_INSERT: Final = (
    "INSERT INTO runs (id, workspace, app, version, digest, surface, principal, session, root, fork_of, fork_at, "
    "budget, labels, status, fence, lease_until, attempt, inputs, created) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', 'accepted', 1, 0, 1, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key of a caller, and the hash of the request that came with it."""

    key: str
    body_hash: str


class Runs:
    """Reads runs of one workspace, and writes rows on a run's own stream."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def get(self, run: str, workspace: str) -> RunRecord:
        """Return a run.

        Raises:
            RunNotFound: The workspace has no such run.
        """

        def find(connection: Connection) -> RunRecord | None:
            found = connection.execute(
                f"SELECT {_COLUMNS} FROM runs WHERE id = ? AND workspace = ?",  # noqa: S608 a constant
                (run, workspace),
            ).fetchone()
            return None if found is None else _record(found)

        record = await self._reader.run(find)
        if record is None:
            raise RunNotFound(f"There is no run {run!r}.", fix="List the runs with: baigong runs")
        return record

    async def list(
        self,
        workspace: str,
        *,
        app: str | None = None,
        status: str | None = None,
        limit: int = 50,
        before: int | None = None,
    ) -> list[RunRecord]:
        """Return runs, newest first."""

        def find(connection: Connection) -> list[RunRecord]:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM runs WHERE workspace = ? AND (? IS NULL OR app = ?) "  # noqa: S608 a constant
                "AND (? IS NULL OR status = ?) AND (? IS NULL OR created < ?) ORDER BY created DESC, id DESC LIMIT ?",
                (workspace, app, app, status, status, before, before, limit),
            ).fetchall()
            return [_record(row) for row in rows]

        return await self._reader.run(find)

    async def keyed(self, workspace: str, key: str) -> tuple[str, str] | None:
        """Return (hash of the request, run) of an idempotency key, or None where it is new."""
        query = "SELECT body_hash, run FROM idempotency WHERE workspace = ? AND key = ?"
        return await self._reader.run(lambda connection: connection.execute(query, (workspace, key)).fetchone())

    async def counts(self) -> dict[str, int]:
        """Return how many runs there are by status, in all workspaces."""
        query = "SELECT status, count(*) FROM runs GROUP BY status"
        return dict(await self._reader.run(lambda connection: connection.execute(query).fetchall()))

    async def of_status(self, *status: Status) -> list[tuple[str, str]]:
        """Return (run, workspace) of every run of a status, the oldest first; replays are left out."""

        def find(connection: Connection) -> list[tuple[str, str]]:
            places = ", ".join("?" * len(status))
            query = (
                f"SELECT id, workspace FROM runs WHERE status IN ({places}) AND surface <> 'replay' "  # noqa: S608
                "ORDER BY created, id"
            )
            return [(row[0], row[1]) for row in connection.execute(query, status)]

        return await self._reader.run(find)


def guard(run: str, fence: int) -> Statement:
    """Return the query that holds while nobody else has taken the run over."""
    return "SELECT 1 FROM runs WHERE id = ? AND fence = ?", (run, fence)


def insert(stream: Stream, info: RunInfo, inputs: dict[str, Json], budget: dict[str, float]) -> RunRecord:
    """Queue the row of an accepted run, and return it."""
    created = now()
    row = (
        info.id, info.workspace, info.app, info.version, info.digest, info.surface, info.principal, info.session,
        info.id, info.fork_of, info.fork_at, _text(cast("Json", budget)), _text(inputs), created,
    )  # fmt: skip
    stream.append(_INSERT, row)
    return RunRecord(
        info=info, status="accepted", fence=1, attempt=1, inputs=inputs, outputs=None, error=None, usage={},
        created=created, started=None, ended=None,
    )  # fmt: skip


def remember(stream: Stream, info: RunInfo, key: Key) -> None:
    """Queue an idempotency key, to be written with the run's row or not at all."""
    row = (info.workspace, key.key, key.body_hash, info.id, now())
    stream.append("INSERT INTO idempotency (workspace, key, body_hash, run, created) VALUES (?, ?, ?, ?, ?)", row)


def mark_started(stream: Stream, record: RunRecord) -> RunRecord:
    """Queue the start, and return the row as it will be."""
    started = now() if record.started is None else record.started
    stream.execute("UPDATE runs SET status = 'running', started = ? WHERE id = ?", (started, record.info.id))
    return replace(record, status="running", started=started)


def mark_ended(
    stream: Stream,
    record: RunRecord,
    status: Status,
    *,
    outputs: dict[str, Json] | None = None,
    error: dict[str, Json] | None = None,
    usage: dict[str, Json],
) -> RunRecord:
    """Queue how a segment left the run, and return the row as it will be."""
    ended = None if status in (*OPEN, "doubt") else now()
    stream.execute(
        "UPDATE runs SET status = ?, outputs = ?, error = ?, usage = ?, ended = ? WHERE id = ?",
        (status, _text(outputs), _text(error), _text(usage), ended, record.info.id),
    )
    return replace(record, status=status, outputs=outputs, error=error, usage=usage, ended=ended)


def take_over(connection: Connection, run: str, fence: int) -> int | None:
    """Raise the fence, which shuts every earlier owner out, and return it; None where the run has moved on."""
    query = "UPDATE runs SET fence = fence + 1, status = 'running' WHERE id = ? AND fence = ? RETURNING fence"
    row = connection.execute(query, (run, fence)).fetchone()
    return None if row is None else row[0]


def now() -> int:
    """Return milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def _text(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _record(row: tuple[object, ...]) -> RunRecord:
    (run, workspace, app, version, digest, surface, principal, session, fork_of, fork_at, *rest) = row
    status, fence, attempt, inputs, outputs, error, usage, created, started, ended = rest
    info = RunInfo(
        id=str(run),
        workspace=str(workspace),
        app=str(app),
        version=str(version),
        digest=str(digest),
        surface=str(surface),
        principal=str(principal),
        session=cast("str | None", session),
        fork_of=cast("str | None", fork_of),
        fork_at=cast("int | None", fork_at),
    )
    return RunRecord(
        info=info,
        status=cast("Status", status),
        fence=cast("int", fence),
        attempt=cast("int", attempt),
        inputs=_object(inputs) or {},
        outputs=_object(outputs),
        error=_object(error),
        usage=_object(usage) or {},
        created=cast("int", created),
        started=cast("int | None", started),
        ended=cast("int | None", ended),
    )


def _object(text: object) -> dict[str, Json] | None:
    return None if text is None else cast("dict[str, Json]", json.loads(str(text)))
