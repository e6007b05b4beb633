"""The database of a home folder: one writer, a few readers."""

from __future__ import annotations

import asyncio

from .apps import AppStore
from .artifacts import ArtifactStore
from .batches import BatchStore
from .bundles import BundleStore
from .client_files import FileStore
from .connection import Backend
from .errors import DatabaseCorrupt
from .home import Home
from .reader import Reader
from .responses import ResponseStore
from .sqlite import SqliteFile
from .writer import Writer

__all__ = ["Database"]


class Database:
    """An open database with its stores. Make one with `Database.open`; close it before the home folder.

    Attributes:
        home: The home folder that it lies in.
        writer: Writes, in groups.
        reader: Reads, beside the writer.
        artifacts: Stored files.
        bundles: Stored bundles.
        apps: Which bundle an app's id stands for.
        responses: Responses of the OpenAI-compatible interface.
        files: Files of the OpenAI-compatible interface.
        batches: Its batches.
    """

    def __init__(self, home: Home, writer: Writer, reader: Reader) -> None:
        self.home = home
        self.writer = writer
        self.reader = reader
        self.artifacts = ArtifactStore(home.artifacts, writer, reader)
        self.bundles = BundleStore(writer, reader)
        self.apps = AppStore(writer, reader)
        self.responses = ResponseStore(writer, reader)
        self.files = FileStore(writer, reader)
        self.batches = BatchStore(writer, reader)

    @property
    def shared(self) -> bool:
        """Whether other processes may use it at the same time."""
        return self.writer.backend.shared

    @classmethod
    async def open(cls, home: Home, *, url: str | None = None, patience: float = 60.0) -> Database:
        """Bring the tables up to date and open the database.

        Args:
            home: The home folder, owned by this process; the database lies in it unless there is a `url`.
            url: A PostgreSQL database, `postgresql://user:password@host:port/database`.
            patience: Seconds for which a full disk is waited out before writes fail.

        Raises:
            DatabaseCorrupt: The file is damaged or no database of Baigong.
            DatabaseNewer: A later version of Baigong has written it.
            StorageFull: The disk is full.
            StorageError: It cannot be reached, or not be used.
        """
        backend = _backend(home, url)
        await asyncio.to_thread(backend.migrate)
        writer = Writer(backend, patience=patience)
        await writer.open()
        return cls(home, writer, Reader(backend))

    async def check(self) -> list[str]:
        """Read the whole file and return what is wrong with it, in SQLite's words; takes time in proportion to it."""
        try:
            return await self.reader.run(self.writer.backend.check)
        except DatabaseCorrupt as error:
            return [error.message]

    async def close(self) -> None:
        """Commit what is queued and close the connections."""
        await self.reader.close()
        await self.writer.close()


def _backend(home: Home, url: str | None) -> Backend:
    if url is None:
        return SqliteFile(home.database)
    from .postgres import PostgresServer

    return PostgresServer(url)
