"""Errors of the storage: the home folder, the database in it, artifacts and bundles."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Final

from ..base.errors import BaigongError

__all__ = [
    "AppMissing",
    "ArtifactMissing",
    "BundleMissing",
    "DatabaseCorrupt",
    "DatabaseNewer",
    "Fenced",
    "HomeBusy",
    "StorageError",
    "StorageFull",
    "StreamLost",
    "WriterClosed",
    "of_file",
    "of_opening",
    "of_sqlite",
    "passing",
]

_FULL: Final = ("SQLITE_FULL", "SQLITE_IOERR")
_PASSING: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_NOMEM", *_FULL)
_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_HOST: Final = (*_PASSING, "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_PROTOCOL")
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StorageError(BaigongError):
    """The storage failed; the base of its errors."""

    code = "BG920"


class HomeBusy(StorageError):
    """Another process owns the home folder."""

    code = "BG921"
    status = 503


class DatabaseCorrupt(StorageError):
    """The database file is damaged or no database of Baigong."""

    code = "BG922"


class DatabaseNewer(StorageError):
    """The database was written by a later version of Baigong."""

    code = "BG923"


class StorageFull(StorageError):
    """The disk cannot take more."""

    code = "BG924"
    status = 507


class Fenced(StorageError):
    """The guard of a stream no longer holds: another owner has taken the run over."""

    code = "BG925"
    status = 409


class StreamLost(StorageError):
    """An earlier write of this stream failed; what the caller holds in memory is ahead of the file."""

    code = "BG926"


class WriterClosed(StorageError):
    """The database is closed."""

    code = "BG927"
    status = 503


class ArtifactMissing(StorageError):
    """There is no such artifact in the workspace."""

    code = "BG928"
    exit_code = 3
    status = 404


class AppMissing(StorageError):
    """The workspace has no app of this id."""

    code = "BG942"
    exit_code = 3
    status = 404


class BundleMissing(StorageError):
    """There is no such stored bundle in the workspace."""

    code = "BG929"
    exit_code = 3
    status = 404


def passing(error: BaseException) -> bool:
    """Whether a fault is the host's (it may pass) and not the statement's."""
    return isinstance(error, sqlite3.Error) and _name(error).startswith(_PASSING)


def of_sqlite(error: sqlite3.Error, path: str | Path) -> StorageError | None:
    """Return what to tell of a host's fault or a damaged file; `None` when the statement is at fault."""
    name, where = _name(error), str(path)
    if name.startswith(_DAMAGED):
        fix = "Restore a backup, or move the file away to start with an empty database."
        return DatabaseCorrupt(f"The file is damaged or no database: {error}.", where=where, fix=fix)
    if name.startswith(_FULL):
        return StorageFull(f"The database cannot be written: {error}.", where=where, fix="Free space on the disk.")
    if name.startswith(_HOST):
        return _unusable(error, where)
    return None


def of_opening(error: sqlite3.Error, path: str | Path) -> StorageError:
    """Return what to tell when a database file cannot be opened or brought up to date."""
    return of_sqlite(error, path) or _unusable(error, str(path))


def of_file(error: OSError, path: Path) -> StorageError:
    """Return what to tell of a file or folder that cannot be read or written."""
    reason = error.strerror or str(error)
    if error.errno in _NO_SPACE:
        return StorageFull(f"The file cannot be written: {reason}.", where=str(path), fix="Free space on the disk.")
    fix = "Check that the folder exists and that you may write to it."
    return StorageError(f"The file cannot be used: {reason}.", where=str(path), fix=fix)


def _unusable(error: sqlite3.Error, where: str) -> StorageError:
    fix = "Check that no other program uses the file and that it may be written."
    return StorageError(f"The database cannot be used: {error}.", where=where, fix=fix)


def _name(error: sqlite3.Error) -> str:
    """Return SQLite's name of the error; Python's own errors of the module have none."""
    return getattr(error, "sqlite_errorname", "") or ""
