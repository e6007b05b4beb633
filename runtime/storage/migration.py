"""Brings a database to the newest revision of the tables."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .errors import DatabaseCorrupt, DatabaseNewer, StorageError, of_file

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["HEAD", "migrate", "upgrade"]

HEAD: Final = "0007"
"""The newest revision; a database that has it is opened without loading Alembic."""

_SCRIPTS: Final = Path(__file__).parent / "migrations"


def migrate(path: Path) -> None:
    """Create the tables in a new file, or bring an older one up to date, in one transaction.

    Raises:
        DatabaseCorrupt: The file is no database of Baigong.
        DatabaseNewer: It has a revision that this version does not know.
        StorageError: The file system fails.
        sqlite3.Error: It cannot be read or written.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise of_file(error, path) from error
    if _revision(path) != HEAD:
        upgrade(_engine(path), str(path))


def _revision(path: Path) -> str | None:
    """Return the file's revision, `None` when it is empty."""
    with closing(sqlite3.connect(path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return None
        if "alembic_version" not in tables:
            fix = "Move the file away, or set BAIGONG_HOME to another folder."
            raise DatabaseCorrupt("The file is the database of another program.", where=str(path), fix=fix)
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


def upgrade(engine: Engine, where: str) -> None:
    """Bring the tables to the newest revision, in one transaction.

    Args:
        engine: Its transactions include DDL; disposed of at the end.
        where: The database, for messages.

    Raises:
        DatabaseNewer: They have a revision that this version does not know.
        StorageError: A step fails.
        Exception: As the database's driver raises it.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise DatabaseNewer(
            f"The database has a revision that this version of Baigong does not know; it knows {HEAD!r}: {error}.",
            where=where,
            fix="Update Baigong, or restore a backup that this version has made.",
        ) from error
    except DBAPIError as error:
        if error.orig is not None:
            raise error.orig from error
        raise StorageError(f"The database cannot be brought up to date: {error}.", where=where) from error
    finally:
        engine.dispose()


def _engine(path: Path) -> Engine:
    """Return an engine whose transactions include DDL, which Python's own handling of transactions leaves out."""
    from sqlalchemy import URL, create_engine, event

    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"isolation_level": None})
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
