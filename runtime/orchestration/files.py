"""The artifact store as runs see it."""

from __future__ import annotations

import asyncio
from typing import cast

from ..base.errors import Json
from ..storage import ArtifactStore

__all__ = ["StoredFiles"]


class StoredFiles:
    """Implements `Files` over the home's artifacts."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    async def put(self, content: bytes, *, name: str, media_type: str, workspace: str) -> dict[str, Json]:
        """Store content and return its `file` value."""
        stored = await self._store.put(content, name=name, media_type=media_type, workspace=workspace)
        return cast("dict[str, Json]", dict(stored))

    async def read(self, file_id: str, *, workspace: str) -> tuple[dict[str, Json], bytes]:
        """Return a `file` value and its content."""
        stored, path = await self._store.get(file_id, workspace)
        return cast("dict[str, Json]", dict(stored)), await asyncio.to_thread(path.read_bytes)
