"""The engine's own tools: requests and queries, each within what the app's policy names."""

from __future__ import annotations

from collections.abc import Mapping

from agents.graph import CompiledApp
from agents.nodes.http import allows
from tools.http import HttpDoor
from tools.ports import ToolResult
from tools.sql import SqlDoor

from ..base.errors import Json
from .host import Door

__all__ = ["http_door", "sql_door"]


def http_door(client: HttpDoor) -> Door:
    """Return the way to send requests to the hosts of an app's `policy.egress`."""

    async def send(
        app: CompiledApp,
        arguments: Mapping[str, Json],
        *,
        key: str | None,
        timeout: float | None,  # noqa: ASYNC109 the whole call, several phases
    ) -> ToolResult:
        egress = app.document.policy.egress
        return await client.call(arguments, allows=lambda url: allows(egress, url), key=key, timeout=timeout)

    return send


def sql_door(client: SqlDoor) -> Door:
    """Return the way to query the databases of a home."""

    async def query(
        app: CompiledApp,
        arguments: Mapping[str, Json],
        *,
        key: str | None,
        timeout: float | None,  # noqa: ASYNC109 the whole call, several phases
    ) -> ToolResult:
        return await client.call(arguments, key=key, timeout=timeout)

    return query
