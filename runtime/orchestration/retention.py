"""Forgetting: runs that are older than their app, or the home, keeps them, and files that nothing names any more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from ..base.errors import Json
from ..storage import Connection, Database
from . import runs
from .outline import read_app

__all__ = ["Freed", "prune"]

DAY: Final = 86_400_000
"""Milliseconds of a day."""

_OVER: Final = "status IN ('ended', 'failed', 'cancelled')"
_PARTS: Final = {
    "events": "run", "effects": "run", "waits": "run", "checkpoints": "thread_id", "checkpoint_writes": "thread_id",
    "idempotency": "run", "leases": "run", "runs": "id",
}  # fmt: skip
"""Tables that belong to runs, and the column that names the run; the run's own row goes last."""

_TEXTS: Final = (
    "SELECT data FROM events WHERE data LIKE '%\"id\"%' OR data LIKE '%$artifact%'",
    "SELECT inputs FROM runs",
    "SELECT outputs FROM runs WHERE outputs IS NOT NULL",
    "SELECT request FROM waits",
    "SELECT value FROM state_values",
    "SELECT value FROM results",
    "SELECT artifact FROM files",
    "SELECT artifact FROM batches",
)
"""Where artifacts are named."""

_ID: Final = re.compile(r"[0-9a-f]{64}")
_AT_ONCE: Final = 500


@dataclass(slots=True)
class Freed:
    """What was forgotten, or would be: runs, rows of journals and checkpoints, responses, files and their bytes."""

    runs: int = 0
    responses: int = 0
    events: int = 0
    checkpoints: int = 0
    files: int = 0
    bytes: int = 0

    def to_json(self) -> dict[str, Json]:
        """Return it as JSON."""
        return asdict(self)


async def prune(database: Database, *, days: int | None, dry: bool = False) -> Freed:
    """Forget runs that are over for longer than `days`, or than their app's `policy.retain_days` where that is given.

    Conversations and lasting state stay. A file goes that a forgotten run has named and nothing else names; where
    `days` is given, so do responses that are older, and any file that nothing names and that was put longer ago.
    Nothing goes that was put within a day.

    Args:
        database: The home's database.
        days: How long runs are kept; None keeps those whose app does not say otherwise.
        dry: Whether to count only; files that only such runs name are not counted then.

    Raises:
        StorageError: The database cannot be written.
    """
    freed = Freed()
    found = await _expired(database, days)
    named: set[str] = set()
    for at in range(0, len(found), _AT_ONCE):
        part = found[at : at + _AT_ONCE]
        named |= await database.reader.run(lambda connection, part=part: _named_by(connection, part))
        if dry:
            await database.reader.run(lambda connection, part=part: _count(connection, part, freed))
        else:
            await database.writer.call(lambda connection, part=part: _forget(connection, part, freed))
    if not dry:
        await database.writer.call(_stale)
    if days is not None:
        freed.responses = await database.responses.forget(runs.now() - days * DAY, dry=dry)
    left = await database.writer.call(_unnamed)
    await _discard(database, freed, [name for name in left if name in named], days=1, dry=dry)
    if days is not None:
        await _discard(database, freed, [name for name in left if name not in named], days=max(days, 1), dry=dry)
    return freed


async def _discard(database: Database, freed: Freed, names: list[str], *, days: int, dry: bool) -> None:
    files, size = await database.artifacts.discard(names, older=runs.now() - days * DAY, dry=dry)
    freed.files += files
    freed.bytes += size


async def _expired(database: Database, days: int | None) -> list[str]:
    query = f"SELECT id, workspace, digest, ended FROM runs WHERE {_OVER} AND ended IS NOT NULL ORDER BY ended"  # noqa: S608 a constant
    rows = await database.reader.run(lambda connection: connection.execute(query).fetchall())
    kept: dict[tuple[str, str], int | None] = {}
    found: list[str] = []
    for run, workspace, digest, ended in rows:
        key = (workspace, digest)
        if key not in kept:
            document = await asyncio.to_thread(read_app, await database.bundles.get(digest, workspace))
            own = document.policy.retain_days if document is not None else None
            kept[key] = days if own is None else own
        limit = kept[key]
        if limit is not None and ended < runs.now() - limit * DAY:
            found.append(run)
    return found


def _places(count: int) -> str:
    return ", ".join("?" * count)


def _count(connection: Connection, part: list[str], freed: Freed) -> None:
    for table, column in _PARTS.items():
        query = f"SELECT count(*) FROM {table} WHERE {column} IN ({_places(len(part))})"  # noqa: S608 constants
        _add(freed, table, connection.execute(query, part).fetchone()[0])


def _forget(connection: Connection, part: list[str], freed: Freed) -> None:
    for table, column in _PARTS.items():
        query = f"DELETE FROM {table} WHERE {column} IN ({_places(len(part))})"  # noqa: S608 constants
        _add(freed, table, connection.execute(query, part).rowcount)


def _add(freed: Freed, table: str, rows: int) -> None:
    if table in ("runs", "events", "checkpoints"):
        setattr(freed, table, getattr(freed, table) + rows)


def _named_by(connection: Connection, part: list[str]) -> set[str]:
    """Return the artifacts that runs name."""
    places = _places(len(part))
    found: set[str] = set()
    for query in (
        f"SELECT data FROM events WHERE run IN ({places})",  # noqa: S608 places
        f"SELECT inputs || coalesce(outputs, '') FROM runs WHERE id IN ({places})",  # noqa: S608 places
    ):
        for (text,) in connection.execute(query, part):
            found.update(_ID.findall(str(text)))
    return found


def _stale(connection: Connection) -> None:
    """Forget results of nodes whose time is over."""
    connection.execute("DELETE FROM results WHERE expires < ?", (runs.now(),))


def _unnamed(connection: Connection) -> list[str]:
    """Return the artifacts that nothing names."""
    named: set[str] = set()
    for text in _texts(connection):
        named.update(_ID.findall(text))
    return [row[0] for row in connection.execute("SELECT DISTINCT id FROM artifacts") if row[0] not in named]


def _texts(connection: Connection) -> Iterator[str]:
    for query in _TEXTS:
        for (text,) in connection.execute(query):
            yield str(text)
