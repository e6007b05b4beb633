"""A toolset of Python functions in this process: for tests and examples, never for third-party code."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from runtime.base.errors import Json

from .errors import ToolUnknown
from .ports import Progress, ToolDescription, ToolResult

__all__ = ["Function", "MemoryToolset", "MemoryTool"]

Function: TypeAlias = Callable[[Mapping[str, Json], str | None], Awaitable[Json]]
"""Receives the arguments and the idempotency key."""


@dataclass(frozen=True, slots=True)
class MemoryTool:
    """A tool: its description, its function, and what answers a status query."""

    description: ToolDescription
    function: Function
    status: Callable[[str], Awaitable[Json]] | None = None


@dataclass(slots=True)
class MemoryToolset:
    """Servers by name, each a set of tools by name. `calls` counts what really ran."""

    servers: Mapping[str, Mapping[str, MemoryTool]]
    calls: list[tuple[str, str, dict[str, Json]]] = field(default_factory=list[tuple[str, str, dict[str, Json]]])

    async def list(self, server: str) -> tuple[ToolDescription, ...]:
        """Return the tools of a server."""
        return tuple(tool.description for tool in self._server(server).values())

    async def call(
        self,
        server: str,
        tool: str,
        arguments: Mapping[str, Json],
        *,
        key: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 part of the port
        progress: Progress | None = None,
    ) -> ToolResult:
        """Run the function."""
        self.calls.append((server, tool, dict(arguments)))
        return _result(await self._tool(server, tool).function(arguments, key))

    async def status(self, server: str, tool: str, key: str) -> ToolResult | None:
        """Ask the tool's own status function."""
        ask = self._tool(server, tool).status
        found = await ask(key) if ask else None
        return None if found is None else _result(found)

    async def close(self) -> None:
        """There is nothing to end."""

    def _server(self, server: str) -> Mapping[str, MemoryTool]:
        if server not in self.servers:
            raise ToolUnknown(
                f"There is no tool server {server!r}.", fix=f"Known: {', '.join(self.servers) or 'none'}."
            )
        return self.servers[server]

    def _tool(self, server: str, tool: str) -> MemoryTool:
        tools = self._server(server)
        if tool not in tools:
            raise ToolUnknown(f"The server {server!r} has no tool {tool!r}.", fix=f"It has: {', '.join(tools)}.")
        return tools[tool]


def _result(data: Json) -> ToolResult:
    return ToolResult(data=data, text=data if isinstance(data, str) else json.dumps(data, ensure_ascii=False))
