"""Stored bundles, by their content hash: what a run names is what it ran."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from agents.spec.bundle import Bundle, export_zip, read_zip

from .connection import Connection
from .errors import BundleMissing
from .reader import Reader
from .writer import Writer

__all__ = ["PUT_BUNDLE", "BundleStore"]

# The layout is no part of the hash, so the same bundle may come again with nodes moved: the last positions are kept.
PUT_BUNDLE: Final = (
    "INSERT INTO bundles (digest, workspace, content, created) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (digest, workspace) DO UPDATE SET content = excluded.content "
    "WHERE bundles.content IS DISTINCT FROM excluded.content"
)
_GET: Final = "SELECT content FROM bundles WHERE digest = ? AND workspace = ?"


class BundleStore:
    """Keeps bundles as zip archives in the database.

    Args:
        writer: The database's writer.
        reader: The database's reader.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def put(self, bundle: Bundle, workspace: str = "main") -> str:
        """Store a bundle and return its digest.

        Raises:
            StorageFull: The disk is full.
            StorageError: The database cannot be written.
        """
        content = await asyncio.to_thread(export_zip, bundle)
        stream = self._writer.stream()
        stream.append(PUT_BUNDLE, (bundle.digest, workspace, content, time.time_ns() // 1_000_000))
        await stream.commit()
        return bundle.digest

    async def get(self, digest: str, workspace: str = "main") -> Bundle:
        """Return the bundle with a digest.

        Raises:
            BundleMissing: The workspace has none.
        """

        def find(connection: Connection) -> tuple[bytes] | None:
            return connection.execute(_GET, (digest, workspace)).fetchone()

        row = await self._reader.run(find)
        if row is None:
            raise BundleMissing(f"There is no bundle {digest!r} here.", where="bundles", fix="Import the app again.")
        return await asyncio.to_thread(read_zip, row[0])
