"""Stored responses of the OpenAI-compatible interface, each with what it was asked and the one that it goes on from."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .reader import Reader
from .writer import Writer

__all__ = ["ResponseRow", "ResponseStore"]

_PUT: Final = "INSERT INTO responses (id, workspace, previous, body, input, created) VALUES (?, ?, ?, ?, ?, ?)"
_GET: Final = "SELECT previous, body, input FROM responses WHERE id = ? AND workspace = ?"
_REMOVE: Final = "DELETE FROM responses WHERE id = ? AND workspace = ?"
_OLDER: Final = "SELECT count(*) FROM responses WHERE created < ?"
_FORGET: Final = "DELETE FROM responses WHERE created < ?"
_CHAIN: Final = """
WITH RECURSIVE chain (id, depth) AS (
    SELECT CAST(? AS TEXT), 0
    UNION ALL
    SELECT responses.previous, chain.depth + 1 FROM responses JOIN chain ON responses.id = chain.id
    WHERE responses.workspace = ? AND responses.previous IS NOT NULL
)
SELECT chain.id, responses.previous, responses.body, responses.input
FROM chain LEFT JOIN responses ON responses.id = chain.id AND responses.workspace = ?
ORDER BY chain.depth DESC
"""


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """A response: the one before it, its body, and the items that it was asked with."""

    previous: str | None
    body: dict[str, Any]
    input: list[dict[str, Any]]


class ResponseStore:
    """Keeps the responses of all workspaces.

    Args:
        writer: The database's writer.
        reader: The database's reader.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def put(self, body: Mapping[str, Any], given: Sequence[Mapping[str, Any]], workspace: str = "main") -> None:
        """Store a response.

        Args:
            body: The response.
            given: The items that it was asked with.
            workspace: Whose it is.

        Raises:
            StorageError: The database cannot be written.
        """
        told, asked = json.dumps(body, ensure_ascii=False), json.dumps(given, ensure_ascii=False)
        stream = self._writer.stream()
        row = (body["id"], workspace, body["previous_response_id"], told, asked, time.time_ns() // 1_000_000)
        stream.append(_PUT, row)
        await stream.commit()

    async def get(self, response: str, workspace: str = "main") -> ResponseRow | None:
        """Return a response, or None where the workspace has none of this id."""
        place = (response, workspace)
        row = await self._reader.run(lambda connection: connection.execute(_GET, place).fetchone())
        return None if row is None else ResponseRow(row[0], json.loads(row[1]), json.loads(row[2]))

    async def chain(self, response: str, workspace: str = "main") -> list[ResponseRow] | None:
        """Return a response behind all those that it goes on from, or None where one of them is missing."""
        row = (response, workspace, workspace)
        rows = await self._reader.run(lambda connection: connection.execute(_CHAIN, row).fetchall())
        if any(body is None for _, _, body, _ in rows):
            return None
        return [ResponseRow(previous, json.loads(body), json.loads(given)) for _, previous, body, given in rows]

    async def remove(self, response: str, workspace: str = "main") -> bool:
        """Forget a response, and say whether there was one."""
        place = (response, workspace)
        return await self._writer.call(lambda connection: connection.execute(_REMOVE, place).rowcount) > 0

    async def forget(self, before: int, *, dry: bool = False) -> int:
        """Forget the responses that are older than a moment, in milliseconds since 1970, and return how many.

        Args:
            before: The moment.
            dry: Whether to count only.
        """
        if dry:
            return (await self._reader.run(lambda connection: connection.execute(_OLDER, (before,)).fetchone()))[0]
        return await self._writer.call(lambda connection: connection.execute(_FORGET, (before,)).rowcount)
