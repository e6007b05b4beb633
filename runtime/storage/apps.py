"""The apps of a workspace: which bundle an app's id stands for."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import Final

from .errors import AppMissing
from .reader import Reader
from .writer import Writer

__all__ = ["AppRow", "AppStore"]

_PUT: Final = (
    "INSERT INTO apps (workspace, id, name, digest, revision, created, updated, origin) "
    "VALUES (?, ?, ?, ?, 1, ?, ?, ?) "
    "ON CONFLICT (workspace, id) DO UPDATE SET name = excluded.name, digest = excluded.digest, "
    "revision = revision + 1, updated = excluded.updated "
    "RETURNING id, name, digest, revision, created, updated"
)
_GET: Final = "SELECT id, name, digest, revision, created, updated FROM apps WHERE workspace = ? AND id = ?"
_LIST: Final = "SELECT id, name, digest, revision, created, updated FROM apps WHERE workspace = ? ORDER BY id"
_REMOVE: Final = "DELETE FROM apps WHERE workspace = ? AND id = ?"


@dataclass(frozen=True, slots=True)
class AppRow:
    """An app of a workspace; times are milliseconds since 1970, `revision` counts its changes."""

    id: str
    name: str
    digest: str
    revision: int
    created: int
    updated: int


class AppStore:
    """Keeps the apps of all workspaces.

    Args:
        writer: The database's writer.
        reader: The database's reader.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def put(
        self, app: str, name: str, digest: str, *, workspace: str = "main", origin: str | None = None
    ) -> AppRow:
        """Let an app's id stand for a stored bundle from now on.

        Raises:
            StorageError: The database cannot be written.
        """
        now = time.time_ns() // 1_000_000
        row = (workspace, app, name, digest, now, now, origin)
        return AppRow(*await self._writer.call(lambda connection: connection.execute(_PUT, row).fetchone()))

    async def get(self, app: str, workspace: str = "main") -> AppRow | None:
        """Return an app, or None where the workspace has none of this id."""
        found = await self._reader.run(lambda connection: connection.execute(_GET, (workspace, app)).fetchone())
        return None if found is None else AppRow(*found)

    async def list(self, workspace: str = "main") -> list[AppRow]:
        """Return the apps of a workspace by id."""

        def read(connection: sqlite3.Connection) -> list[AppRow]:
            return [AppRow(*row) for row in connection.execute(_LIST, (workspace,))]

        return await self._reader.run(read)

    async def remove(self, app: str, workspace: str = "main") -> None:
        """Forget an app; its bundles and runs stay.

        Raises:
            AppMissing: The workspace has none of this id.
        """
        changed = await self._writer.call(lambda connection: connection.execute(_REMOVE, (workspace, app)).rowcount)
        if not changed:
            raise AppMissing(f"There is no app {app!r} in the workspace.", where=app)
