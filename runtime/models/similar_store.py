"""Where the semantic cache keeps answers: in the database, and those of contexts in use in memory."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..storage import Connection, Reader, StorageError, Writer
from .vectorjson import packed, unpacked

__all__ = ["Entry", "SimilarStore"]

_GET: Final = (
    "SELECT id, vector, reply, seen FROM similar_answers WHERE workspace = ? AND context = ? AND expires > ? "
    "ORDER BY created LIMIT 1000"
)
_PUT: Final = (
    "INSERT INTO similar_answers (id, workspace, context, vector, reply, seen, created, expires) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, expires = excluded.expires"
)
_CONTEXTS: Final = 64
"""Contexts that are held in memory."""
_HOUR: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept answer: the question's embedding, the reply as JSON, and what was observed of it."""

    id: str
    vector: tuple[float, ...]
    reply: str
    seen: tuple[tuple[float, bool], ...] = ()


class SimilarStore:
    """Keeps entries by workspace and context.

    Args:
        writer: Writes.
        reader: Reads.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader
        self._held: OrderedDict[tuple[str, str], dict[str, Entry]] = OrderedDict()

    async def entries(self, workspace: str, context: str) -> Sequence[Entry]:
        """Return the entries of a context.

        Raises:
            StorageError: They cannot be read.
        """
        key = (workspace, context)
        if key not in self._held:
            row = (workspace, context, int(time.time() * 1000))
            rows = await self._reader.run(lambda connection: connection.execute(_GET, row).fetchall())
            found = {one[0]: Entry(one[0], tuple(unpacked(one[1])), one[2], _seen(one[3])) for one in rows}
            self._held.setdefault(key, found)
            while len(self._held) > _CONTEXTS:
                self._held.popitem(last=False)
        self._held.move_to_end(key)
        return [*self._held[key].values()]

    def count(self, context: tuple[str, str]) -> int:
        """Return how many entries a context in use has."""
        return len(self._held.get(context, ()))

    def put(self, context: tuple[str, str], entry: Entry, hours: float) -> None:
        """Keep an entry, new or with more observations; a database that cannot take it is no reason to fail."""
        self._held.setdefault(context, {})[entry.id] = entry
        now = int(time.time() * 1000)
        row = (
            entry.id, *context, packed(entry.vector), entry.reply, json.dumps(entry.seen), now,
            now + int(hours * _HOUR),
        )  # fmt: skip
        try:
            self._writer.stream().append(_PUT, row)
        except StorageError:
            return

    async def forget(self) -> int:
        """Delete what is too old; return how many entries."""

        def delete(connection: Connection) -> int:
            now = int(time.time() * 1000)
            return connection.execute("DELETE FROM similar_answers WHERE expires <= ?", (now,)).rowcount

        self._held.clear()
        return await self._writer.call(delete)


def _seen(text: str) -> tuple[tuple[float, bool], ...]:
    return tuple((float(near), bool(right)) for near, right in json.loads(text))
