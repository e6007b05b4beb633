"""The exact cache: what a deployment answered to the very same request, for as long as it is kept.

Only answers at temperature 0 are kept, whole ones, of deployments that would say the same again; they belong to their
workspace. A scripted deployment answers in the order of its script and is never asked twice by mistake.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Final

from agents.context import ModelReply, ModelRequest

from ..base.errors import Json
from ..base.ids import digest
from ..storage import Connection, Reader, StorageError, Writer
from .deployments import Deployment
from .messagejson import request_to_json
from .replies import reply_from_json, reply_to_json
from .script import Script

__all__ = ["Answers", "key_of"]

_GET: Final = "SELECT reply FROM answers WHERE workspace = ? AND key = ? AND expires > ?"
_PUT: Final = (
    "INSERT INTO answers (workspace, key, deployment, reply, created, expires) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (workspace, key) DO UPDATE SET reply = excluded.reply, created = excluded.created, "
    "expires = excluded.expires"
)
_HOUR: Final = 3_600_000


class Answers:
    """Kept answers.

    Args:
        writer: Writes.
        reader: Reads.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def get(self, workspace: str, deployment: Deployment, request: ModelRequest) -> ModelReply | None:
        """Return the answer that a deployment gave to a request before, at no cost."""
        if not keepable(deployment, request):
            return None
        row = (workspace, key_of(deployment, request), _now())
        try:
            found = await self._reader.run(lambda connection: connection.execute(_GET, row).fetchone())
        except StorageError:
            return None
        if found is None:
            return None
        reply = reply_from_json(json.loads(found[0]))
        return replace(reply, usage={**dict.fromkeys(reply.usage, 0), "seconds": 0.0, "usd": 0.0})

    def put(
        self, workspace: str, deployment: Deployment, request: ModelRequest, reply: ModelReply, hours: float
    ) -> None:
        """Keep an answer; a database that cannot take it is no reason to lose it now."""
        if not keepable(deployment, request) or reply.finish == "length":
            return
        now = _now()
        text = json.dumps(reply_to_json(reply), ensure_ascii=False)
        row = (workspace, key_of(deployment, request), deployment.id, text, now, now + int(hours * _HOUR))
        try:
            self._writer.stream().append(_PUT, row)
        except StorageError:
            return

    async def forget(self, workspace: str | None = None) -> int:
        """Forget what is too old, or everything of a workspace; return how many answers."""

        def delete(connection: Connection) -> int:
            if workspace is None:
                return connection.execute("DELETE FROM answers WHERE expires <= ?", (_now(),)).rowcount
            return connection.execute("DELETE FROM answers WHERE workspace = ?", (workspace,)).rowcount

        return await self._writer.call(delete)


def keepable(deployment: Deployment, request: ModelRequest) -> bool:
    """Return whether a deployment would answer a request the same way again."""
    return request.temperature == 0 and not isinstance(deployment.options, Script)


def key_of(deployment: Deployment, request: ModelRequest) -> str:
    """Return the hash of all that an answer depends on: the deployment as it is set up, and the whole request."""
    asked: dict[str, Json] = {
        **request_to_json(request),
        "deployment": deployment.id,
        "options": deployment.options.model_dump(mode="json"),
        "answer": request.max_tokens or deployment.max_tokens,
        "json": "json" in deployment.caps,
    }
    return digest(asked)


def _now() -> int:
    return int(time.time() * 1000)
