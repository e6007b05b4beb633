"""Batches of requests, and what became of their lines."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .client_files import PUT_FILE, FileRow
from .connection import Connection
from .reader import Reader
from .writer import Writer

__all__ = ["OPEN", "BatchRow", "BatchStore", "LineRow"]

OPEN: Final = ("validating", "in_progress", "finalizing", "cancelling")
"""The states of a batch that somebody works at."""

_COLUMNS: Final = "id, workspace, principal, status, endpoint, artifact, body, expires, created"
_PUT: Final = f"INSERT INTO batches ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 constants
_GET: Final = f"SELECT {_COLUMNS} FROM batches WHERE id = ? AND workspace = ?"  # noqa: S608 constants
_FREE: Final = (
    f"SELECT {_COLUMNS} FROM batches WHERE status IN ({', '.join('?' * len(OPEN))}) "  # noqa: S608 constants
    "AND (worker IS NULL OR worker = ? OR lease_until < ?) ORDER BY id LIMIT ?"
)
_TAKE: Final = (
    "UPDATE batches SET worker = ?, lease_until = ? WHERE id = ? AND (worker IS NULL OR worker = ? OR lease_until < ?)"
)
_CHANGE: Final = "UPDATE batches SET status = ?, body = ? WHERE id = ? AND status = ?"
_PUT_LINE: Final = (
    "INSERT INTO batch_lines (batch, line, workspace, state, result) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_LINES: Final = "SELECT line, state, result FROM batch_lines WHERE batch = ? AND line > ? ORDER BY line LIMIT ?"
_KNOWN: Final = "SELECT line FROM batch_lines WHERE batch = ?"
_COUNT: Final = "SELECT state, count(*) FROM batch_lines WHERE batch = ? GROUP BY state"
_CLEAR: Final = "DELETE FROM batch_lines WHERE batch = ?"
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch; `artifact` is its input, `body` what is shown of it, times are milliseconds since 1970."""

    id: str
    workspace: str
    principal: str
    status: str
    endpoint: str
    artifact: str
    body: dict[str, Any]
    expires: int
    created: int


@dataclass(frozen=True, slots=True)
class LineRow:
    """What became of a line, from 1: `state` is `done` or `failed`, `result` a line of a result file."""

    line: int
    state: str
    result: str


class BatchStore:
    """Keeps the batches of all workspaces; ids sort by time.

    Args:
        writer: The database's writer.
        reader: The database's reader.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def put(self, batch: BatchRow) -> None:
        """Store a new batch.

        Raises:
            StorageError: The database cannot be written.
        """
        stream = self._writer.stream()
        row = (
            batch.id, batch.workspace, batch.principal, batch.status, batch.endpoint, batch.artifact,
            json.dumps(batch.body, ensure_ascii=False), batch.expires, batch.created,
        )  # fmt: skip
        stream.append(_PUT, row)
        await stream.commit()

    async def get(self, batch: str, workspace: str = "main") -> BatchRow | None:
        """Return a batch, or None where the workspace has none of this id."""
        return await self._reader.run(lambda connection: _get(connection, batch, workspace))

    async def list(self, workspace: str = "main", *, after: str | None, limit: int) -> list[BatchRow]:
        """Return batches, the latest first.

        Args:
            workspace: Whose.
            after: Only those behind this id.
            limit: How many at the most.
        """
        sql, values = f"SELECT {_COLUMNS} FROM batches WHERE workspace = ?", [workspace]  # noqa: S608 constants
        if after is not None:
            sql, values = f"{sql} AND id < ?", [*values, after]
        sql = f"{sql} ORDER BY id DESC LIMIT ?"
        rows = await self._reader.run(lambda connection: connection.execute(sql, (*values, limit)).fetchall())
        return [_batch(row) for row in rows]

    async def take(self, worker: str, *, now: int, until: int, limit: int) -> list[BatchRow]:
        """Let a worker have open batches that nobody has, and those that it has already.

        Args:
            worker: The worker.
            now: Milliseconds since 1970; a lease that is over by then counts for nothing.
            until: When the worker's own is over.
            limit: How many at the most.
        """

        def write(connection: Connection) -> list[BatchRow]:
            rows = connection.execute(_FREE, (*OPEN, worker, now, limit)).fetchall()
            found = [_batch(row) for row in rows]
            return [
                one for one in found if connection.execute(_TAKE, (worker, until, one.id, worker, now)).rowcount == 1
            ]

        return await self._writer.call(write)

    async def change(
        self,
        batch: BatchRow,
        status: str,
        told: Mapping[str, Any],
        *,
        was: Collection[str],
        files: Sequence[FileRow] = (),
    ) -> BatchRow | None:
        """Give a batch another status, unless it has none of those that it must have; return it as it is then.

        Args:
            batch: The batch.
            status: Its new status.
            told: What is new of its body.
            was: Which status it must have.
            files: Files that are stored with it; the results of its lines are in them, and go.
        """

        def write(connection: Connection) -> BatchRow | None:
            found = _get(connection, batch.id, batch.workspace)
            if found is None or found.status not in was:
                return None
            body = json.dumps({**found.body, **told}, ensure_ascii=False)
            if connection.execute(_CHANGE, (status, body, batch.id, found.status)).rowcount != 1:
                return None
            for file in files:
                connection.execute(PUT_FILE, file.row())
            if status not in OPEN:
                connection.execute(_CLEAR, (batch.id,))
            return _get(connection, batch.id, batch.workspace)

        return await self._writer.call(write)

    async def put_line(self, batch: BatchRow, line: LineRow) -> None:
        """Keep what became of a line; once this returns it is not done again.

        Raises:
            StorageError: The database cannot be written.
        """
        stream = self._writer.stream()
        stream.append(_PUT_LINE, (batch.id, line.line, batch.workspace, line.state, line.result))
        await stream.commit()

    async def known(self, batch: str) -> set[int]:
        """Return the numbers of the lines that are over."""
        rows = await self._reader.run(lambda connection: connection.execute(_KNOWN, (batch,)).fetchall())
        return {row[0] for row in rows}

    async def lines(self, batch: str) -> list[LineRow]:
        """Return what became of the lines, in their order."""
        found: list[LineRow] = []
        while True:
            row = (batch, found[-1].line if found else 0, _AT_ONCE)
            part = await self._reader.run(lambda connection, row=row: connection.execute(_LINES, row).fetchall())
            found.extend(LineRow(*one) for one in part)
            if len(part) < _AT_ONCE:
                return found

    async def counts(self, batch: str) -> dict[str, int]:
        """Return how many lines are `done` and `failed`."""
        rows = await self._reader.run(lambda connection: connection.execute(_COUNT, (batch,)).fetchall())
        return {"done": 0, "failed": 0, **dict(rows)}


def _get(connection: Connection, batch: str, workspace: str) -> BatchRow | None:
    row = connection.execute(_GET, (batch, workspace)).fetchone()
    return None if row is None else _batch(row)


def _batch(row: Sequence[Any]) -> BatchRow:
    number, workspace, principal, status, endpoint, artifact, body, expires, created = row
    return BatchRow(number, workspace, principal, status, endpoint, artifact, json.loads(body), expires, created)
