"""Queries of apps: parameterised, read-only unless the administrator and the node say otherwise, within bounds.

A change and the note that it was made are one transaction of the database itself, where the administrator lets us keep
a ledger there: so a change is made exactly once, whatever crashes in between.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast
from uuid import UUID

from runtime.base.errors import Json

from .databases import DatabaseSpec
from .errors import ToolError, ToolFailed, ToolTimeout, ToolUnavailable, ToolUnknown
from .ports import ToolResult

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["SqlDoor", "SqlFailed"]

Secrets: TypeAlias = Callable[[str], Awaitable[str | None]]

WAIT: Final = 30.0
_STEPS: Final = 10_000
"""SQLite instructions between two looks at the clock."""

_STREAMED: Final = re.compile(r"\s*(select|with|values|table)\b", re.IGNORECASE)
"""Queries for which PostgreSQL has cursors."""

_NOTES: Final = (
    "CREATE TABLE IF NOT EXISTS baigong_effects (key TEXT PRIMARY KEY, result TEXT NOT NULL, at TIMESTAMP "
    "DEFAULT CURRENT_TIMESTAMP)"
)
_DENIED: Final = (
    sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA, sqlite3.SQLITE_CREATE_VTABLE,
)  # fmt: skip


class SqlFailed(ToolFailed):
    """The database refused a query, and nothing was changed; the message is its own."""

    code = "BG830"
    status = 422


@dataclass(slots=True)
class _Call:
    """One query and its bounds."""

    query: str
    values: dict[str, Json]
    write: bool
    most: int
    key: str | None
    deadline: float
    stopped: threading.Event = field(default_factory=threading.Event)
    driver: object = None

    def stop(self) -> None:
        """End it from another thread: SQLite looks at the clock now and then, a server must be told."""
        self.stopped.set()
        cancel = getattr(self.driver, "cancel", None)
        if callable(cancel):
            cancel()

    @property
    def late(self) -> bool:
        return self.stopped.is_set() or time.monotonic() > self.deadline


@dataclass(frozen=True, kw_only=True)
class SqlDoor:
    """Queries the databases of a home.

    Args:
        databases: The databases by name.
        home: Where relative paths begin.
        secrets: Gives the value of a secret.
    """

    databases: Mapping[str, DatabaseSpec]
    home: Path
    secrets: Secrets

    async def call(
        self,
        arguments: Mapping[str, Json],
        *,
        egress: Sequence[str] = (),
        key: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 the whole call, several phases
    ) -> ToolResult:
        """Run one query and return `{rows, count, more}`.

        Args:
            arguments: `database`, `query`, `values` by name, `write`, `max_rows`, the `seconds` that it may take.
            egress: Not looked at: where a database is, is for the administrator to say.
            key: Names a change, where the database keeps a ledger.
            timeout: The seconds that are left of the budget.

        Raises:
            ToolUnknown: There is no such database.
            SqlFailed: The database refused it, and nothing was changed.
            ToolTimeout: It took too long; a change was rolled back.
            ToolUnavailable: The database cannot be reached.
            ToolError: The connection broke while a change was committed, so that what came of it is not known.
        """
        name = str(arguments["database"])
        spec = self.databases.get(name)
        if spec is None:
            raise ToolUnknown(f"There is no database {name!r}.", where=name, fix="List it in databases.yaml.")
        longest = float(cast("float", arguments.get("seconds") or WAIT))
        call = _Call(
            query=str(arguments["query"]),
            values=cast("dict[str, Json]", arguments.get("values") or {}),
            write=bool(arguments.get("write")) and spec.write,
            most=int(cast("int", arguments.get("max_rows") or 1000)),
            key=key if spec.ledger else None,
            deadline=time.monotonic() + (longest if timeout is None else min(timeout, longest)),
        )
        engine = await self._engine(name, spec, call)
        work = asyncio.ensure_future(asyncio.to_thread(_run, engine, spec, call, name))
        try:
            found = await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.to_thread(call.stop)
            with suppress(ToolError):
                await work
            raise
        return ToolResult(data=found, text=json.dumps(found["rows"], ensure_ascii=False))

    async def _engine(self, name: str, spec: DatabaseSpec, call: _Call) -> Engine:
        from sqlalchemy import NullPool, create_engine
        from sqlalchemy.engine import make_url

        if spec.dialect == "sqlite":
            path = self.home / spec.url.removeprefix("sqlite:///")
            return create_engine("sqlite://", creator=lambda: _open(path, name, call), poolclass=NullPool)
        url = make_url(spec.url).set(drivername="postgresql+psycopg")
        if spec.password is not None:
            secret = await self.secrets(spec.password)
            if secret is None:
                fix = f"Run: baigong secrets set {spec.password}"
                raise ToolFailed(f"The secret {spec.password!r} is not set.", where=name, fix=fix)
            url = url.set(password=secret)
        seconds = max(call.deadline - time.monotonic(), 1)
        options = f"-c statement_timeout={int(seconds * 1000)} -c default_transaction_read_only={_on(not call.write)}"
        # Prepared statements cannot hold a second command, which could leave the read-only transaction.
        bounds = {"connect_timeout": math.ceil(seconds), "options": options, "prepare_threshold": 0}
        return create_engine(url, connect_args=bounds, poolclass=NullPool)


def _on(yes: bool) -> str:
    return "on" if yes else "off"


def _open(path: Path, name: str, call: _Call) -> sqlite3.Connection:
    """Open a file that exists, for reading only unless a change is meant; it can reach no other file."""
    try:
        mode = "rw" if call.write else "ro"
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=5, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise _away(f"The database cannot be opened: {error}.", name) from error
    connection.set_progress_handler(lambda: call.late, _STEPS)
    return connection


def _authorize(action: int, *rest: object) -> int:
    return sqlite3.SQLITE_DENY if action in _DENIED else sqlite3.SQLITE_OK


def _confine(connection: Connection, call: _Call) -> None:
    """Let a query reach nothing but the tables of its own file, and be stopped from outside."""
    call.driver = driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.set_authorizer(_authorize)


def _run(engine: Engine, spec: DatabaseSpec, call: _Call, name: str) -> dict[str, Json]:
    from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

    committing = False
    try:
        with engine.connect() as connection:
            _confine(connection, call)
            if call.key is not None and (noted := _noted(connection, call.key)) is not None:
                return noted
            found = _execute(connection, spec, call)
            if call.key is not None:
                _note(connection, call.key, found)
            if call.late:
                raise _too_late(name)
            committing = call.write
            connection.commit()
            return found
    except DBAPIError as error:
        said = (
            str(error.orig).strip().splitlines()[0] if error.orig is not None and str(error.orig).strip() else "error"
        )
        if call.late or "statement timeout" in said:
            raise _too_late(name) from error
        if committing and isinstance(error, OperationalError):
            raise ToolError(f"The connection broke while the change was committed: {said}.", where=name) from error
        if error.connection_invalidated or (isinstance(error, OperationalError) and error.statement is None):
            raise _away(f"The database cannot be reached: {said}.", name) from error
        raise SqlFailed(f"The database refused the query: {said}.", where=name) from error
    except SQLAlchemyError as error:
        raise SqlFailed(f"The query cannot be run: {str(error).splitlines()[0]}.", where=name) from error
    finally:
        engine.dispose()


def _too_late(name: str) -> ToolTimeout:
    late = ToolTimeout(
        "The query took too long and was stopped.", where=name, fix="Raise the node's timeout, or ask for less."
    )
    late.undone = True
    return late


def _away(message: str, name: str) -> ToolUnavailable:
    away = ToolUnavailable(message, where=name)
    away.undone = True
    return away


def _execute(connection: Connection, spec: DatabaseSpec, call: _Call) -> dict[str, Json]:
    from sqlalchemy import text

    values = {name: _given(value, lists=spec.dialect == "postgresql") for name, value in call.values.items()}
    if not call.write and _STREAMED.match(call.query):
        # Else the driver would fetch all rows before the first is looked at.
        connection = connection.execution_options(stream_results=True, max_row_buffer=call.most + 1)
    result = connection.execute(text(call.query), values)
    if not result.returns_rows:
        return {"rows": [], "count": max(result.rowcount, 0), "more": False}
    names = list(result.keys())
    with result:
        fetched = result.fetchmany(call.most + 1)
    rows = [_row(names, row) for row in fetched[: call.most]]
    return {"rows": [*rows], "count": len(rows), "more": len(fetched) > call.most}


def _noted(connection: Connection, key: str) -> dict[str, Json] | None:
    """Return the result of a change that was made already."""
    from sqlalchemy import text

    connection.execute(text(_NOTES))
    row = connection.execute(text("SELECT result FROM baigong_effects WHERE key = :key"), {"key": key}).fetchone()
    return None if row is None else cast("dict[str, Json]", json.loads(row[0]))


def _note(connection: Connection, key: str, found: Mapping[str, Json]) -> None:
    from sqlalchemy import text

    row = {"key": key, "result": json.dumps(found, ensure_ascii=False)}
    connection.execute(text("INSERT INTO baigong_effects (key, result) VALUES (:key, :result)"), row)


def _row(names: Sequence[str], row: Sequence[Any]) -> dict[str, Json]:
    return {name: _value(name, value) for name, value in zip(names, row, strict=True)}


def _value(name: str, value: object) -> Json:
    """Return a value of a database as JSON: exact numbers as numbers, times as ISO 8601."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime() | date() | clock():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case UUID():
            return str(value)
        case list() | tuple():
            return [_value(name, one) for one in cast("list[object]", value)]
        case dict():
            return {str(key): _value(name, one) for key, one in cast("dict[object, object]", value).items()}
        case _:
            kind = type(value).__name__
            raise SqlFailed(f"The column {name!r} holds {kind}, which is no JSON.", fix="Convert it in the query.")


def _given(value: Json, *, lists: bool) -> object:
    """Return a parameter as the driver takes it; records, and lists where there are no arrays, as JSON text."""
    if isinstance(value, dict) or (isinstance(value, list) and not lists):
        return json.dumps(value, ensure_ascii=False)
    return value
