"""Read-only connections beside the writer; each query runs in a worker thread."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from .errors import WriterClosed, of_sqlite

__all__ = ["Reader"]

T = TypeVar("T")


class Reader:
    """A small pool of connections that cannot write and never copy the log back.

    Args:
        path: Database file, opened by a `Writer` before.
        threads: Queries that may run at once.
    """

    def __init__(self, path: str | Path, *, threads: int = 2) -> None:
        self._path = Path(path).absolute()
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._closed = False
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sqlite-reader")

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run `function` on a connection of the pool, in one read transaction.

        Raises:
            DatabaseCorrupt: The file is damaged.
            StorageError: The host failed.
            WriterClosed: The database is closed.
        """
        if self._closed:
            raise WriterClosed("The database is closed.", where=str(self._path), fix="Start the program again.")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, function)

    async def close(self) -> None:
        """End the threads and close their connections."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown)
        while self._connections:
            self._connections.pop().close()

    def _run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                return function(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            fault = of_sqlite(error, self._path)
            if fault is None:
                raise
            raise fault from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            uri = f"{self._path.as_uri()}?mode=ro"
            connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA query_only=1")
            self._local.connection = connection
            self._connections.append(connection)
        return connection
