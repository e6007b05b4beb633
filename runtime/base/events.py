"""One event envelope for journal, streams, builder and command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from .errors import Json

__all__ = ["EVENT_TYPES", "TERMINAL", "Delta", "Event", "Live"]

VERSION = 1

EVENT_TYPES: tuple[str, ...] = (
    *(f"run.{name}" for name in ("accepted", "started", "waiting", "resumed", "ended")),
    *(f"node.{name}" for name in ("started", "ended", "skipped", "failed", "retried")),
    *(f"model.{name}" for name in ("called", "ended")),
    *(f"tool.{name}" for name in ("called", "ended")),
    *(f"effect.{name}" for name in ("intent", "done", "doubt", "settled")),
    "retrieval.ended",
    *(f"ask.{name}" for name in ("opened", "answered", "withdrawn", "reminded")),
    *(f"budget.{name}" for name in ("reserved", "settled", "exceeded")),
    "value.recorded",
    "state.set",
    "plan.made",
    *(f"reply.{name}" for name in ("opened", "ended")),
    "log",
)
"""Types of journalled events. `value.recorded` holds a reading of the clock, of chance or of a file."""

TERMINAL = "run.ended"


@dataclass(frozen=True, slots=True)
class Event:
    """A journalled event.

    Args:
        run: The run.
        seq: Gapless from 1 within the run.
        at: Milliseconds since the epoch.
        type: One of `EVENT_TYPES`.
        path: Node path, empty for the run itself.
        attempt: Attempt of the node, 0 for the run itself.
        data: What happened.
    """

    run: str
    seq: int
    at: int
    type: str
    path: str = ""
    attempt: int = 0
    data: dict[str, Json] = field(default_factory=dict[str, Json])

    def to_json(self) -> dict[str, Json]:
        """Return the envelope as every reader sees it."""
        return {
            "v": VERSION,
            "run": self.run,
            "seq": self.seq,
            "at": self.at,
            "type": self.type,
            "path": self.path,
            "attempt": self.attempt,
            "data": self.data,
        }


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a growing text, never journalled: `of` is the event that opened it, `offset` counts characters."""

    run: str
    type: str
    path: str
    of: int
    offset: int
    text: str

    def to_json(self) -> dict[str, Json]:
        """Return the envelope; it has no `seq`."""
        data: dict[str, Json] = {"of": self.of, "offset": self.offset, "text": self.text}
        return {"v": VERSION, "run": self.run, "type": self.type, "path": self.path, "data": data}


Live: TypeAlias = Event | Delta
"""What a watcher of a run receives."""
