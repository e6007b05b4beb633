"""The database of a home folder: one file, one writer, a few readers."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Final

from .apps import AppStore
from .artifacts import ArtifactStore
from .bundles import BundleStore
from .errors import DatabaseCorrupt, StorageError
from .home import Home
from .migration import migrate
from .reader import Reader
from .writer import Writer

__all__ = ["Database"]

_OLDEST_SQLITE: Final = (3, 38, 0)
"""JSON operators and `RETURNING` are taken for granted."""


class Database:
    """An open database with its stores. Make one with `Database.open`; close it before the home folder.

    Attributes:
        home: The home folder that it lies in.
        writer: Writes, in groups.
        reader: Reads, beside the writer.
        artifacts: Stored files.
        bundles: Stored bundles.
        apps: Which bundle an app's id stands for.
    """

    def __init__(self, home: Home, writer: Writer, reader: Reader) -> None:
        self.home = home
        self.writer = writer
        self.reader = reader
        self.artifacts = ArtifactStore(home.artifacts, writer, reader)
        self.bundles = BundleStore(writer, reader)
        self.apps = AppStore(writer, reader)

    @classmethod
    async def open(cls, home: Home, *, patience: float = 60.0) -> Database:
        """Bring the file up to date and open it.

        Args:
            home: The home folder that it lies in, owned by this process.
            patience: Seconds for which a full disk is waited out before writes fail.

        Raises:
            DatabaseCorrupt: The file is damaged or no database of Baigong.
            DatabaseNewer: A later version of Baigong has written it.
            StorageFull: The disk is full.
            StorageError: The host cannot run it.
        """
        check_sqlite(sqlite3.sqlite_version_info)
        await asyncio.to_thread(migrate, home.database)
        writer = Writer(home.database, patience=patience)
        await writer.open()
        return cls(home, writer, Reader(home.database))

    async def check(self) -> list[str]:
        """Read the whole file and return what is wrong with it, in SQLite's words; takes time in proportion to it."""

        def run(connection: sqlite3.Connection) -> list[str]:
            return [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]

        try:
            return await self.reader.run(run)
        except DatabaseCorrupt as error:
            return [error.message]

    async def close(self) -> None:
        """Commit what is queued and close the file."""
        await self.reader.close()
        await self.writer.close()


def check_sqlite(version: tuple[int, ...]) -> None:
    if version < _OLDEST_SQLITE:
        found, needed = (".".join(map(str, item)) for item in (version, _OLDEST_SQLITE))
        fix = f"Use a Python that is linked with SQLite {needed} or later."
        raise StorageError(f"SQLite {found} is too old.", where="sqlite3", fix=fix)
