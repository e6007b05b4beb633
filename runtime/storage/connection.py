"""What a database is to the rest of the program: connections, their transactions, and what its faults mean.

SQL is written once, in what SQLite and PostgreSQL share: `?` for parameters, `ON CONFLICT`, `RETURNING`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from .errors import StorageError
from .stream import Row, Statement

__all__ = ["Backend", "Connection", "Cursor", "Session"]


class Cursor(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchone(self) -> Any:  # noqa: ANN401 rows are what the query selects
        """Return the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Go through the rows that are left."""
        ...


class Connection(Protocol):
    """What statements are executed on, within a transaction."""

    def execute(self, sql: str, parameters: Row = ..., /) -> Cursor:
        """Execute one statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Row], /) -> object:
        """Execute one statement with many rows."""
        ...


class Session(Protocol):
    """A connection of one thread, and its transactions."""

    @property
    def connection(self) -> Connection:
        """What statements are executed on after `begin`."""
        ...

    def begin(self, *, power: bool = False) -> None:
        """Begin a transaction.

        Args:
            power: Whether what it writes outlives a power cut once it is committed.
        """
        ...

    def commit(self) -> None:
        """Commit the transaction."""
        ...

    def rollback(self) -> None:
        """Undo the transaction, if there is one."""
        ...

    def holds(self, guard: Statement) -> bool:
        """Whether a query returns a row, which stays as it is until the transaction ends."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class Backend(Protocol):
    """A database that can be opened."""

    @property
    def where(self) -> str:
        """Where it is, without passwords."""
        ...

    @property
    def shared(self) -> bool:
        """Whether several processes may use it at a time."""
        ...

    @property
    def clock(self) -> str:
        """Its own time in milliseconds since 1970, in SQL."""
        ...

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What its connections raise."""
        ...

    def migrate(self) -> None:
        """Create the tables, or bring them up to date.

        Raises:
            StorageError: It cannot be opened, or is not ours.
        """
        ...

    def writer(self) -> Session:
        """Open a connection that writes.

        Raises:
            StorageError: It cannot be opened.
        """
        ...

    def reader(self) -> Session:
        """Open a connection that only reads; each of its transactions sees one state of the database."""
        ...

    def check(self, connection: Connection) -> list[str]:
        """Return what is damaged, in the database's words."""
        ...

    def passing(self, error: BaseException) -> bool:
        """Whether a fault is the host's (it may pass) and not the statement's."""
        ...

    def explain(self, error: BaseException) -> StorageError | None:
        """Return what to tell of the host's fault; None where it is the statement's, or no fault of a database."""
        ...
