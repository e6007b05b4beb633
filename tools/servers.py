"""A pool of tool servers: each is started when first asked for, shared by every run, and restarted after it died."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.base.errors import Json

from .connection import Connection
from .errors import ToolTimeout, ToolUnknown
from .ports import Progress, ToolDescription, ToolResult
from .spec import ServerSpec

__all__ = ["ServerPool"]


@dataclass(slots=True, eq=False)
class ServerPool:
    """Implements `Toolset` over MCP servers by name. One event loop owns a pool."""

    specs: Mapping[str, ServerSpec]
    _open: dict[str, Connection] = field(default_factory=dict[str, Connection])
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict[str, asyncio.Lock])
    _checks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def list(self, server: str) -> tuple[ToolDescription, ...]:
        """Return the tools of a server."""
        connection = await self._connection(server)
        return tuple(connection.tools.values())

    async def call(
        self,
        server: str,
        tool: str,
        arguments: Mapping[str, Json],
        *,
        key: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 the whole call, several phases
        progress: Progress | None = None,
    ) -> ToolResult:
        """Call a tool; `key` is the idempotency key that a keyed tool must honour."""
        connection = await self._connection(server)
        seconds = connection.spec.deadlines.call if timeout is None else timeout
        try:
            return await connection.call(tool, arguments, key, seconds, progress)
        except ToolTimeout:
            self._check(connection)
            raise

    async def status(self, server: str, tool: str, key: str) -> ToolResult | None:
        """Ask a checkable tool for the result of the call with this key; None when it never happened."""
        query = self._spec(server).queries.get(tool)
        if query is None:
            raise ToolUnknown(
                f"The tool {tool!r} of {server!r} has no status query.",
                fix="Name one under `queries`, or give the tool another effect class.",
            )
        result = await self.call(server, query, {"key": key})
        return None if result.data is None else result

    async def close(self) -> None:
        """End every server."""
        for check in self._checks:
            check.cancel()
        await asyncio.gather(*self._checks, return_exceptions=True)
        connections, self._open = list(self._open.values()), {}
        await asyncio.gather(*(connection.close() for connection in connections))

    def _spec(self, server: str) -> ServerSpec:
        if server not in self.specs:
            known = ", ".join(sorted(self.specs)) or "none"
            raise ToolUnknown(f"There is no tool server {server!r}.", fix=f"Known: {known}.")
        return self.specs[server]

    async def _connection(self, server: str) -> Connection:
        """Return the live connection of a server, opening one where there is none."""
        spec = self._spec(server)
        async with self._locks.setdefault(server, asyncio.Lock()):
            known = self._open.get(server)
            if known is not None and known.alive:
                return known
            if known is not None:
                del self._open[server]
                await known.end()
            self._open[server] = await Connection.open(server, spec)
            return self._open[server]

    def _check(self, connection: Connection) -> None:
        """See, out of the caller's way, whether a server that let a call time out still answers; end it if not."""

        async def check() -> None:
            if not await connection.probe():
                await connection.end()

        task = asyncio.create_task(check())
        self._checks.add(task)
        task.add_done_callback(self._checks.discard)
