"""What the engine needs from the rest of the host, each behind a Protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from agents.context import RetrieveReply, RetrieveRequest
from agents.graph import CompiledApp
from tools.ports import ToolResult, Toolset

from ..base.errors import Json
from ..base.events import Live
from ..models.ports import ModelHub

__all__ = ["Door", "Files", "Host", "Publish", "Retriever"]

Publish: TypeAlias = Callable[[Live], None]


class Retriever(Protocol):
    """The knowledge engine's one retrieval path."""

    async def search(self, app: CompiledApp, workspace: str, request: RetrieveRequest) -> RetrieveReply:
        """Search the base that the app's alias stands for."""
        ...


class Files(Protocol):
    """The artifact store."""

    async def put(self, content: bytes, *, name: str, media_type: str, workspace: str) -> dict[str, Json]:
        """Store content and return its `file` value."""
        ...

    async def read(self, file_id: str, *, workspace: str) -> tuple[dict[str, Json], bytes]:
        """Return a `file` value and its content."""
        ...


class Door(Protocol):
    """A tool that the engine has itself."""

    async def __call__(
        self,
        arguments: Mapping[str, Json],
        *,
        egress: Sequence[str],
        key: str | None,
        timeout: float | None,  # noqa: ASYNC109 the whole call, several phases
    ) -> ToolResult:
        """Make a call for an app that may reach the hosts of `egress`; `key` is the idempotency key of a keyed one."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """The parts that a run reaches through its context.

    Args:
        models: The model router.
        tools: Tool servers.
        retriever: Knowledge.
        files: Artifacts.
        doors: The engine's own tools, by name.
    """

    models: ModelHub
    tools: Toolset
    retriever: Retriever
    files: Files
    doors: Mapping[str, Door] = field(default_factory=dict[str, Door])
