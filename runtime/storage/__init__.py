"""The home folder and what is kept in it: the database, artifacts and bundles."""

from __future__ import annotations

from .apps import AppChange, AppRow, AppStore
from .artifacts import ArtifactStore
from .batches import BatchRow, BatchStore, LineRow
from .bundles import BundleStore
from .client_files import FileRow, FileStore
from .connection import Connection
from .database import Database
from .errors import AppMissing, Fenced, HomeBusy, StorageError, StorageFull, StreamLost
from .home import Home, Owner, open_home
from .reader import Reader
from .responses import ResponseRow, ResponseStore
from .stream import Row, Statement, Stream
from .writer import Writer

__all__ = [
    "AppChange",
    "AppMissing",
    "AppRow",
    "AppStore",
    "ArtifactStore",
    "BatchRow",
    "BatchStore",
    "BundleStore",
    "Connection",
    "Database",
    "Fenced",
    "FileRow",
    "FileStore",
    "Home",
    "HomeBusy",
    "LineRow",
    "Owner",
    "Reader",
    "ResponseRow",
    "ResponseStore",
    "Row",
    "Statement",
    "StorageError",
    "StorageFull",
    "Stream",
    "StreamLost",
    "Writer",
    "open_home",
]
