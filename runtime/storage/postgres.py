"""A database on a PostgreSQL server, which several processes may use at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, LiteralString, cast

import psycopg
from psycopg.types.numeric import FloatLoader
from sqlalchemy.engine import make_url

from .connection import Connection
from .errors import CommitUnknown, StorageError, StorageFull
from .migration import HEAD, upgrade
from .stream import Row, Statement

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection as Connected

__all__ = ["PostgresServer"]

_FULL: Final = "53100"
_PASSING: Final = ("08", "40", "53", "57P", "55P03")
"""Connections, conflicts and deadlocks, resources, shutdowns, locks: classes of SQLSTATE that may pass."""

_LOCK: Final = 0x62616967
"""The advisory lock under which the tables are created or changed."""

_MANY: Final = 200
"""Rows that are sent at a time."""


class PostgresServer:
    """Implements `connection.Backend` for a server; the tables are in the connection's current schema.

    Args:
        url: Its address, `postgresql://user:password@host:port/database`.
    """

    errors: tuple[type[Exception], ...] = (psycopg.Error,)
    shared = True
    clock = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"

    def __init__(self, url: str) -> None:
        self._url = url
        self.where = make_url(url).render_as_string(hide_password=True)

    def migrate(self) -> None:
        """Create the tables, or bring them up to date; of several processes, one at a time.

        Raises:
            DatabaseNewer: A later version of Baigong has written them.
            StorageError: The server cannot be reached, or refuses.
        """
        try:
            with self._connect() as connection:
                known = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
                if known and known[0] is not None:
                    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                    if row and row[0] == HEAD:
                        return
            self._upgrade()
        except psycopg.Error as error:
            raise self._unopened(error) from error

    def _upgrade(self) -> None:
        from sqlalchemy import create_engine, event

        engine = create_engine(make_url(self._url).set(drivername="postgresql+psycopg"))

        def lock(connection: Connected) -> None:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")

        event.listen(engine, "begin", lock)
        upgrade(engine, self.where)

    def writer(self) -> PostgresSession:
        """Open a connection that writes.

        Raises:
            StorageError: The server cannot be reached, or refuses.
        """
        return self._open(writes=True)

    def reader(self) -> PostgresSession:
        """Open a connection that only reads.

        Raises:
            StorageError: The server cannot be reached, or refuses.
        """
        return self._open(writes=False)

    def check(self, connection: Connection) -> list[str]:
        """Return nothing: its administrator looks after the server's files."""
        return []

    def passing(self, error: BaseException) -> bool:
        """Whether a fault is the server's or the network's (it may pass) and not the statement's."""
        if not isinstance(error, psycopg.Error):
            return False
        if error.sqlstate is None:
            return isinstance(error, psycopg.OperationalError)
        return error.sqlstate.startswith(_PASSING)

    def explain(self, error: BaseException) -> StorageError | None:
        """Return what to tell of the server's fault; None when the statement is at fault."""
        if not isinstance(error, psycopg.Error) or not self.passing(error):
            return None
        if error.sqlstate == _FULL:
            fix = "Free space on the server's disk."
            return StorageFull(f"The database cannot be written: {_text(error)}.", where=self.where, fix=fix)
        return self._unopened(error)

    def _open(self, *, writes: bool) -> PostgresSession:
        try:
            return PostgresSession(self._connect, writes=writes)
        except psycopg.Error as error:
            raise self._unopened(error) from error

    def _connect(self) -> psycopg.Connection[Any]:
        # Parameters are put into the text by the client, so that one without a type (`? IS NULL`) needs no cast.
        connection = psycopg.connect(
            self._url, autocommit=True, cursor_factory=psycopg.ClientCursor, connect_timeout=10,
            application_name="baigong", client_encoding="utf-8",
        )  # fmt: skip
        connection.adapters.register_loader("numeric", FloatLoader)
        return connection

    def _unopened(self, error: Exception) -> StorageError:
        fix = "Check BAIGONG_DATABASE_URL, and that the server runs and lets you in."
        return StorageError(f"The database cannot be used: {_text(error)}.", where=self.where, fix=fix)


class PostgresSession:
    """Implements `connection.Session`; a connection that was lost is made anew at the next `begin`."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], *, writes: bool) -> None:
        self._connect = connect
        self._begin = "BEGIN" if writes else "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        self.connection = _Translated(connect())

    def begin(self, *, power: bool = False) -> None:
        """Begin a transaction; what is committed outlives a power cut as the server's settings say."""
        try:
            self.connection.execute(self._begin)
        except psycopg.OperationalError:
            if not self.connection.raw.closed:
                raise
            # It was lost since the last transaction; nothing was written on it that could be lost with it.
            self.connection = _Translated(self._connect())
            self.connection.execute(self._begin)

    def commit(self) -> None:
        """Commit the transaction.

        Raises:
            CommitUnknown: The connection was lost.
        """
        raw = self.connection.raw
        try:
            raw.execute("COMMIT")
        except Exception as error:
            if not raw.closed:
                raise
            fix = "Look at the run again; what is not finished is taken up again."
            text = f"The connection was lost while writing: {_text(error)}."
            raise CommitUnknown(text, fix=fix) from None

    def rollback(self) -> None:
        """Undo the transaction, if there is one."""
        raw = self.connection.raw
        if not raw.closed and raw.info.transaction_status != raw.info.transaction_status.IDLE:
            raw.execute("ROLLBACK")

    def holds(self, guard: Statement) -> bool:
        """Whether a query returns a row, which nobody else can change until the transaction ends."""
        sql, parameters = guard
        return self.connection.execute(f"{sql} FOR NO KEY UPDATE", parameters).fetchone() is not None

    def close(self) -> None:
        """Close the connection."""
        self.connection.raw.close()


class _Translated:
    """A connection that takes `?` for parameters.

    Args:
        raw: psycopg's connection.
    """

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw

    def execute(self, sql: str, parameters: Row = (), /) -> psycopg.Cursor[Any]:
        """Execute one statement."""
        return self.raw.execute(_translated(sql), parameters)

    def executemany(self, sql: str, parameters: Iterable[Row], /) -> None:
        """Execute one statement with many rows, which are sent together."""
        cursor = cast("psycopg.ClientCursor[Any]", self.raw.cursor())
        text = _translated(sql)
        rows = [cursor.mogrify(text, row) for row in parameters]
        for at in range(0, len(rows), _MANY):
            cursor.execute(cast(LiteralString, ";".join(rows[at : at + _MANY])).encode())
        cursor.close()


@lru_cache(maxsize=1024)
def _translated(sql: str) -> LiteralString:
    return cast(LiteralString, sql.replace("%", "%%").replace("?", "%s"))


def _text(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")
