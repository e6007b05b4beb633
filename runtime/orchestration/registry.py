"""What stands in for tool servers and knowledge where a home has none: every use is a named error."""

from __future__ import annotations

from collections.abc import Mapping

from agents.context import RetrieveReply, RetrieveRequest
from agents.graph import CompiledApp
from tools.errors import ToolUnknown
from tools.ports import Progress, ToolDescription, ToolResult

from ..base.errors import Json
from .errors import BaseUnknown

__all__ = ["NoBases", "NoServers"]


class NoServers:
    """Implements `Toolset` for a home without tool servers."""

    async def list(self, server: str) -> tuple[ToolDescription, ...]:
        """There is none."""
        raise _unknown(server)

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
        """There is none."""
        raise _unknown(server)

    async def status(self, server: str, tool: str, key: str) -> ToolResult | None:
        """There is none."""
        raise _unknown(server)

    async def close(self) -> None:
        """There is nothing to end."""


class NoBases:
    """Implements `Retriever` for a home without knowledge bases."""

    async def search(self, app: CompiledApp, workspace: str, request: RetrieveRequest) -> RetrieveReply:
        """There is none."""
        raise BaseUnknown(f"There is no knowledge base {request.base!r}.", where=app.id)


def _unknown(server: str) -> ToolUnknown:
    return ToolUnknown(f"There is no tool server {server!r} in this home.")
