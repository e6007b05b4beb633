"""The apps of a workspace: which bundle an app's id stands for."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from agents.spec.bundle import Bundle, export_zip

from .bundles import PUT_BUNDLE
from .connection import Connection
from .errors import AppMissing
from .reader import Reader
from .writer import Writer

__all__ = ["AppChange", "AppRow", "AppStore"]

_PUT: Final = (
    "INSERT INTO apps (workspace, id, name, digest, revision, created, updated, origin) "
    "VALUES (?, ?, ?, ?, 1, ?, ?, ?) "
    "ON CONFLICT (workspace, id) DO UPDATE SET name = excluded.name, digest = excluded.digest, "
    "revision = apps.revision + 1, updated = excluded.updated "
    "RETURNING id, name, digest, revision, created, updated"
)
_GET: Final = "SELECT id, name, digest, revision, created, updated FROM apps WHERE workspace = ? AND id = ?"
_LIST: Final = "SELECT id, name, digest, revision, created, updated FROM apps WHERE workspace = ? ORDER BY id"
_REMOVE: Final = "DELETE FROM apps WHERE workspace = ? AND id = ?"


_REMOVE_OPS: Final = "DELETE FROM app_ops WHERE workspace = ? AND app = ?"
_ADVANCE: Final = (
    "UPDATE apps SET name = ?, digest = ?, revision = revision + 1, updated = ? "
    "WHERE workspace = ? AND id = ? AND revision = ?"
)
_PUT_OP: Final = "INSERT INTO app_ops (workspace, app, rev, client, seq, op, at) VALUES (?, ?, ?, ?, ?, ?, ?)"
_EDITS: Final = "SELECT rev, client, seq, op FROM app_ops WHERE workspace = ? AND app = ? AND rev > ? ORDER BY rev"
_SWEEP: Final = (
    "DELETE FROM bundles WHERE digest = ? AND workspace = ? "
    "AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.digest = ? AND runs.workspace = ?)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AppChange:
    """An edit: which app, from which revision, whose (`client`, `seq`), what (JSON), and the app's name after it."""

    workspace: str
    app: str
    name: str
    revision: int
    client: str
    seq: int
    operations: str


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

        def read(connection: Connection) -> list[AppRow]:
            return [AppRow(*row) for row in connection.execute(_LIST, (workspace,))]

        return await self._reader.run(read)

    async def edit(self, change: AppChange, bundle: Bundle) -> AppRow | None:
        """Let an app be another bundle, and write the edit down that led there, or nothing of it.

        The bundle before it is deleted where no run needs it.

        Returns:
            The app, or None where it is not at the revision that the change was made on.

        Raises:
            StorageError: The database cannot be written.
        """
        content = await asyncio.to_thread(export_zip, bundle)
        now = time.time_ns() // 1_000_000

        def write(connection: Connection) -> AppRow | None:
            place = (change.workspace, change.app)
            row = connection.execute(_GET, place).fetchone()
            advanced = connection.execute(_ADVANCE, (change.name, bundle.digest, now, *place, change.revision))
            if row is None or advanced.rowcount != 1:
                return None
            connection.execute(PUT_BUNDLE, (bundle.digest, change.workspace, content, now))
            values = (*place, change.revision + 1, change.client, change.seq, change.operations, now)
            connection.execute(_PUT_OP, values)
            before = AppRow(*row).digest
            if before != bundle.digest:
                connection.execute(_SWEEP, (before, change.workspace, before, change.workspace))
            return AppRow(*connection.execute(_GET, place).fetchone())

        return await self._writer.call(write)

    async def edits(self, app: str, workspace: str = "main", *, after: int = 0) -> list[tuple[int, str, int, str]]:
        """Return (revision, client, its number, operations as JSON) of every edit after a revision."""
        row = (workspace, app, after)
        return await self._reader.run(lambda connection: connection.execute(_EDITS, row).fetchall())

    async def remove(self, app: str, workspace: str = "main") -> None:
        """Forget an app; its bundles and runs stay.

        Raises:
            AppMissing: The workspace has none of this id.
        """

        def delete(connection: Connection) -> int:
            connection.execute(_REMOVE_OPS, (workspace, app))
            return connection.execute(_REMOVE, (workspace, app)).rowcount

        changed = await self._writer.call(delete)
        if not changed:
            raise AppMissing(f"There is no app {app!r} in the workspace.", where=app)
