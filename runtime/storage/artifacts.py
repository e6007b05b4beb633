"""Stored files, by the hash of their content: bytes in the artifacts folder, names in the database."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeAlias, TypedDict

from .connection import Connection
from .errors import ArtifactMissing, of_file
from .reader import Reader
from .writer import Writer

__all__ = ["ArtifactStore", "StoredFile"]

_ID: Final = re.compile(r"[0-9a-f]{64}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_NAME: Final = 255
_PUT: Final = (
    "INSERT INTO artifacts (id, workspace, name, media_type, size, label, created) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_GET: Final = (
    "SELECT name, media_type, size FROM artifacts WHERE id = ? AND workspace = ? ORDER BY created, name LIMIT 1"
)
_Row: TypeAlias = tuple[str, str, int]


class StoredFile(TypedDict):
    """A `file` value of the app language; `size` is in bytes."""

    id: str
    name: str
    media_type: str
    size: int


class ArtifactStore:
    """Keeps files under the SHA-256 of their content; a file is written once, however often it is put.

    Args:
        folder: The artifacts folder.
        writer: The database's writer.
        reader: The database's reader.
    """

    def __init__(self, folder: Path, writer: Writer, reader: Reader) -> None:
        self._folder = folder
        self._writer = writer
        self._reader = reader
        self._lock = threading.Lock()

    async def put(
        self,
        content: bytes,
        *,
        name: str,
        media_type: str = "application/octet-stream",
        workspace: str = "main",
        label: str | None = None,
    ) -> StoredFile:
        """Store a file; once this returns it outlives a power cut.

        Of `name` only the last part of the path is kept.

        Raises:
            StorageFull: The disk is full.
            StorageError: The folder or the database cannot be written.
        """
        name = _plain(name)
        artifact = await asyncio.to_thread(self._store, content)
        stream = self._writer.stream()
        now = time.time_ns() // 1_000_000
        stream.append(_PUT, (artifact, workspace, name, media_type, len(content), label, now))
        await stream.commit(power=True)
        return StoredFile(id=artifact, name=name, media_type=media_type, size=len(content))

    async def get(self, artifact: str, workspace: str = "main") -> tuple[StoredFile, Path]:
        """Return a stored file, under its first name, and where its bytes are; the path is for reading only.

        Raises:
            ArtifactMissing: There is no such artifact in the workspace, or the id cannot be one.
        """
        if not _ID.fullmatch(artifact):
            raise _missing(artifact)

        def find(connection: Connection) -> _Row | None:
            return connection.execute(_GET, (artifact, workspace)).fetchone()

        row = await self._reader.run(find)
        path = self._path(artifact)
        if row is None or not await asyncio.to_thread(path.is_file):
            raise _missing(artifact)
        name, media_type, size = row
        return StoredFile(id=artifact, name=name, media_type=media_type, size=size), path

    async def discard(self, artifacts: Sequence[str], *, older: int, dry: bool = False) -> tuple[int, int]:
        """Delete files in all workspaces and return how many there were, and their bytes.

        A file that was put after a time is left alone, even if it was put before as well: somebody is about to name it.

        Args:
            artifacts: What is not named any more.
            older: Milliseconds since the epoch.
            dry: Whether to count only.

        Raises:
            StorageError: The database cannot be written.
        """
        old = await asyncio.to_thread(self._older, artifacts, older)
        if not dry:
            await self._writer.call(lambda connection: _drop(connection, [*old]))
            await asyncio.to_thread(self._unlink, old, older)
        return len(old), sum(old.values())

    def _older(self, artifacts: Sequence[str], older: int) -> dict[str, int]:
        """Return the sizes of those files that were last put before a time."""
        found: dict[str, int] = {}
        for artifact in artifacts:
            try:
                known = self._path(artifact).stat()
            except FileNotFoundError:
                found[artifact] = 0
                continue
            if known.st_mtime_ns // 1_000_000 < older:
                found[artifact] = known.st_size
        return found

    def _unlink(self, artifacts: Iterable[str], older: int) -> None:
        for artifact in artifacts:
            with self._lock:
                if artifact in self._older([artifact], older):
                    self._path(artifact).unlink(missing_ok=True)

    def _path(self, artifact: str) -> Path:
        return self._folder / artifact[:2] / artifact

    def _store(self, content: bytes) -> str:
        artifact = hashlib.sha256(content).hexdigest()
        path = self._path(artifact)
        try:
            with self._lock:
                known = path.is_file() and path.stat().st_size == len(content)
                if known:
                    os.utime(path)
            if not known:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _write(path, content)
                _sync(path.parent)
                _sync(self._folder)
        except OSError as error:
            raise of_file(error, path) from error
        return artifact


def _drop(connection: Connection, artifacts: list[str]) -> None:
    connection.executemany("DELETE FROM artifacts WHERE id = ?", [(one,) for one in artifacts])


def _write(path: Path, content: bytes) -> None:
    """Write a file that appears complete or not at all."""
    handle, name = tempfile.mkstemp(prefix=".put-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _plain(name: str) -> str:
    """Return a name that is safe to show and to save under: one part of a path, without control characters."""
    last = _CONTROL.sub("", name.replace("\\", "/").rpartition("/")[2]).strip()
    return "file" if last in ("", ".", "..") else last[-_LONGEST_NAME:]


def _missing(artifact: str) -> ArtifactMissing:
    shown = artifact if len(artifact) <= 80 else f"{artifact[:80]}…"
    return ArtifactMissing(f"There is no file {shown!r} here.", where="artifacts", fix="Upload the file again.")
