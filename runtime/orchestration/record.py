"""What a run is, and how it stands: a row of `runs` as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ..base.errors import Json

__all__ = ["AT_WORK", "OPEN", "Origin", "RunInfo", "RunRecord", "Status"]

Status: TypeAlias = Literal["accepted", "running", "waiting", "ended", "failed", "cancelled", "doubt"]
AT_WORK: Final = ("accepted", "running")
OPEN: Final = (*AT_WORK, "waiting")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Whose run it is: where it belongs, who has asked for it, by which way, and in which conversation."""

    workspace: str = "main"
    principal: str = "local"
    surface: str = "cli"
    session: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunInfo:
    """Who and what a run is: fixed when it is accepted."""

    id: str
    workspace: str
    app: str
    version: str
    digest: str
    principal: str
    surface: str = "cli"
    session: str | None = None
    fork_of: str | None = None
    fork_at: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """A row of `runs`. Times are milliseconds since the epoch."""

    info: RunInfo
    status: Status
    fence: int
    attempt: int
    inputs: dict[str, Json]
    outputs: dict[str, Json] | None
    error: dict[str, Json] | None
    usage: dict[str, Json]
    created: int
    started: int | None
    ended: int | None

    def to_json(self) -> dict[str, Json]:
        """Return the record as command line and HTTP show it."""
        outputs = self.outputs or {}
        return {
            "run_id": self.info.id,
            "app": self.info.app,
            "version": self.info.version,
            "digest": self.info.digest,
            "surface": self.info.surface,
            "status": self.status,
            "outputs": self.outputs,
            "error": self.error,
            "usage": self.usage,
            "citations": _citations(outputs),
            "session": self.info.session,
            "fork_of": self.info.fork_of,
            "fork_at": self.info.fork_at,
            "created": self.created,
            "started": self.started,
            "ended": self.ended,
        }


def _citations(outputs: dict[str, Json]) -> list[Json]:
    """Return every citation among the outputs: records that have a quote and a place."""
    found: list[Json] = []
    for value in outputs.values():
        for item in value if isinstance(value, list) else ():
            if isinstance(item, dict) and {"quote", "document", "start", "end"} <= item.keys():
                found.append(item)
    return found
