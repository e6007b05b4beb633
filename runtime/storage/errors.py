"""Errors of the storage: the home folder, the database in it, artifacts and bundles."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

from ..base.errors import BaigongError

__all__ = [
    "AppMissing",
    "ArtifactMissing",
    "BundleMissing",
    "CommitUnknown",
    "DatabaseCorrupt",
    "DatabaseNewer",
    "Fenced",
    "HomeBusy",
    "StorageError",
    "StorageFull",
    "StreamLost",
    "WriterClosed",
    "of_file",
]

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


class CommitUnknown(StreamLost):
    """The connection was lost while a transaction was being committed: nobody knows whether it is."""


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


def of_file(error: OSError, path: Path) -> StorageError:
    """Return what to tell of a file or folder that cannot be read or written."""
    reason = error.strerror or str(error)
    if error.errno in _NO_SPACE:
        return StorageFull(f"The file cannot be written: {reason}.", where=str(path), fix="Free space on the disk.")
    fix = "Check that the folder exists and that you may write to it."
    return StorageError(f"The file cannot be used: {reason}.", where=str(path), fix=fix)
