"""What the host needs of tools, whatever carries them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from runtime.base.errors import Json

__all__ = ["Progress", "ToolDescription", "ToolFile", "ToolResult", "Toolset"]

Progress: TypeAlias = Callable[[float, float | None, str | None], None]
"""Receives progress, total if known, and a message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolDescription:
    """A tool as its server describes it; schemas are JSON Schema."""

    name: str
    description: str
    input_schema: Mapping[str, Json]
    output_schema: Mapping[str, Json] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolFile:
    """A file that a tool returns."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolResult:
    """A call's result: structured data, or None; the text a model reads; files."""

    data: Json
    text: str
    files: tuple[ToolFile, ...] = field(default_factory=tuple)


class Toolset(Protocol):
    """Servers of tools. Every method ends within a deadline and raises a `ToolError` otherwise."""

    async def list(self, server: str) -> tuple[ToolDescription, ...]:
        """Return the tools of a server."""
        ...

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
        ...

    async def status(self, server: str, tool: str, key: str) -> ToolResult | None:
        """Ask a checkable tool for the result of the call with this key; None when it never happened."""
        ...

    async def close(self) -> None:
        """End every server."""
        ...
