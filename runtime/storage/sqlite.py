"""A database in a file: SQLite, of which one process at a time is the owner."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from .connection import Connection
from .errors import DatabaseCorrupt, StorageError, StorageFull
from .migration import migrate
from .stream import Statement

__all__ = ["SqliteFile", "check_sqlite"]

_OLDEST: Final = (3, 39, 0)
"""JSON operators, `RETURNING` and `IS DISTINCT FROM` are taken for granted."""

_FULL: Final = ("SQLITE_FULL", "SQLITE_IOERR")
_PASSING: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_NOMEM", *_FULL)
_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_HOST: Final = (*_PASSING, "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_PROTOCOL")


class SqliteFile:
    """Implements `connection.Backend` for a file.

    Args:
        path: Database file.
        schema: Idempotent DDL, run when a writer opens.
        checkpoint_pages: Pages at which SQLite copies the write-ahead log back into the database.
    """

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)
    shared = False
    clock = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"

    def __init__(self, path: str | Path, schema: str = "", *, checkpoint_pages: int = 4000) -> None:
        self.path = Path(path).absolute()
        self.where = str(path)
        self._schema = schema
        self._pages = checkpoint_pages

    def migrate(self) -> None:
        """Create the tables in a new file, or bring an older one up to date.

        Raises:
            DatabaseCorrupt: The file is damaged or no database of Baigong.
            DatabaseNewer: A later version of Baigong has written it.
            StorageFull: The disk is full.
            StorageError: The host cannot run it.
        """
        check_sqlite(sqlite3.sqlite_version_info)
        try:
            migrate(self.path)
        except sqlite3.Error as error:
            raise self._unopened(error) from error

    def writer(self) -> SqliteSession:
        """Open the connection that writes.

        Raises:
            DatabaseCorrupt: The file is damaged or no database.
            StorageError: It cannot be opened for writing, or keeps no write-ahead log.
        """
        try:
            connection = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA busy_timeout=1000")
            connection.execute(f"PRAGMA wal_autocheckpoint={int(self._pages)}")
            connection.executescript(self._schema)
        except sqlite3.Error as error:
            raise self._unopened(error) from error
        if mode != "wal":
            fix = "Put the home folder on a local disk."
            raise StorageError("The file system keeps no write-ahead log.", where=self.where, fix=fix)
        return SqliteSession(connection, writes=True)

    def reader(self) -> SqliteSession:
        """Open a connection that cannot write and never copies the log back; a `writer` has opened the file before."""
        uri = f"{self.path.as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only=1")
        return SqliteSession(connection, writes=False)

    def check(self, connection: Connection) -> list[str]:
        """Read the whole file; takes time in proportion to it."""
        return [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]

    def passing(self, error: BaseException) -> bool:
        """Whether a fault is the host's (it may pass) and not the statement's."""
        return isinstance(error, sqlite3.Error) and _name(error).startswith(_PASSING)

    def explain(self, error: BaseException) -> StorageError | None:
        """Return what to tell of a host's fault or a damaged file; None when the statement is at fault."""
        if not isinstance(error, sqlite3.Error):
            return None
        name = _name(error)
        if name.startswith(_DAMAGED):
            fix = "Restore a backup, or move the file away to start with an empty database."
            return DatabaseCorrupt(f"The file is damaged or no database: {error}.", where=self.where, fix=fix)
        if name.startswith(_FULL):
            fix = "Free space on the disk."
            return StorageFull(f"The database cannot be written: {error}.", where=self.where, fix=fix)
        return self._unusable(error) if name.startswith(_HOST) else None

    def _unopened(self, error: sqlite3.Error) -> StorageError:
        return self.explain(error) or self._unusable(error)

    def _unusable(self, error: sqlite3.Error) -> StorageError:
        fix = "Check that no other program uses the file and that it may be written."
        return StorageError(f"The database cannot be used: {error}.", where=self.where, fix=fix)


class SqliteSession:
    """Implements `connection.Session`."""

    def __init__(self, connection: sqlite3.Connection, *, writes: bool) -> None:
        self.connection = connection
        self._writes = writes
        self._power = False

    def begin(self, *, power: bool = False) -> None:
        """Begin a transaction that writes, or one that reads."""
        if power:
            self._power = True
            self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute("BEGIN IMMEDIATE" if self._writes else "BEGIN")

    def commit(self) -> None:
        """Commit the transaction."""
        self.connection.execute("COMMIT")
        self._end()

    def rollback(self) -> None:
        """Undo the transaction, if there is one."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self._end()

    def holds(self, guard: Statement) -> bool:
        """Whether a query returns a row; there is no other writer that could change it."""
        return self.connection.execute(*guard).fetchone() is not None

    def close(self) -> None:
        """Copy the log back, and close the connection."""
        if self._writes:
            with contextlib.suppress(sqlite3.Error):  # the log is replayed at the next start
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()

    def _end(self) -> None:
        if self._power:
            self._power = False
            self.connection.execute("PRAGMA synchronous=NORMAL")


def check_sqlite(version: tuple[int, ...]) -> None:
    """Check that Python's SQLite is recent enough.

    Raises:
        StorageError: It is not.
    """
    if version < _OLDEST:
        found, needed = (".".join(map(str, item)) for item in (version, _OLDEST))
        fix = f"Use a Python that is linked with SQLite {needed} or later."
        raise StorageError(f"SQLite {found} is too old.", where="sqlite3", fix=fix)


def _name(error: sqlite3.Error) -> str:
    """Return SQLite's name of the error; Python's own errors of the module have none."""
    return getattr(error, "sqlite_errorname", "") or ""
