"""Read-only connections beside the writer; each query runs in a worker thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .connection import Backend, Connection, Session
from .errors import WriterClosed

__all__ = ["Reader"]

T = TypeVar("T")


class Reader:
    """A small pool of connections that cannot write.

    Args:
        backend: The database, opened by a `Writer` before.
        threads: Queries that may run at once.
    """

    def __init__(self, backend: Backend, *, threads: int = 2) -> None:
        self._backend = backend
        self._local = threading.local()
        self._sessions: list[Session] = []
        self._closed = False
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="database-reader")

    async def run(self, function: Callable[[Connection], T]) -> T:
        """Run `function` on a connection of the pool, in one read transaction.

        Raises:
            StorageError: The host failed, or the database is damaged.
            WriterClosed: The database is closed.
        """
        if self._closed:
            raise WriterClosed("The database is closed.", where=self._backend.where, fix="Start the program again.")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, function)

    async def close(self) -> None:
        """End the threads and close their connections."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown)
        while self._sessions:
            self._sessions.pop().close()

    def _run(self, function: Callable[[Connection], T]) -> T:
        try:
            session = self._session()
            session.begin()
            try:
                return function(session.connection)
            finally:
                session.rollback()
        except self._backend.errors as error:
            fault = self._backend.explain(error)
            if fault is None:
                raise
            raise fault from error

    def _session(self) -> Session:
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._backend.reader()
            self._sessions.append(session)
        return session
