"""One segment of a run: from a start or resume until it ends or parks. All of its frames share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..base.errors import Json
from ..base.events import Delta
from ..storage import Reader
from .budget import Account
from .host import Host, Publish
from .journal import Journal
from .record import RunInfo, RunRecord

__all__ = ["Conversation", "Segment"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The session as it was when the run began."""

    id: str = ""
    messages: tuple[dict[str, Json], ...] = ()


@dataclass(kw_only=True, slots=True, eq=False)
class Segment:
    """What a run's frames share.

    Args:
        record: How the run stands, as its row will say once the journal is written.
        host: The way to the world.
        journal: The run's journal.
        account: The run's budget.
        publish: Takes live pieces of text.
        conversation: The session.
        offline: Whether a call that the journal does not hold is an error (a replay).
        cancelled: Whether somebody has asked it to stop.
        concluded: Whether its terminal event is written.
        left: Whether the segment is over, and all of it written.
        opened: Questions that were opened in this segment.
        accounts: Accounts of nodes with limits of their own, by path.
        draining: Whether no more nodes begin, because the process is to end.
        texts: Live texts by the event that opened them, for watchers who come late.
        live_calls: How many calls left the process.
        begun: Attempts of nodes that the journal has as started.
        reader: Reads results that are kept; None for a replay.
        day: The date on whose accounts the run draws; None for a replay.
        ledger: Effects of this run by key, as far as they are known: an open intent, or done with its record.
    """

    record: RunRecord
    host: Host
    journal: Journal
    account: Account
    publish: Publish
    conversation: Conversation = Conversation()
    offline: bool = False
    cancelled: bool = False
    concluded: bool = False
    left: bool = False
    opened: list[str] = field(default_factory=list[str])
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    draining: bool = False
    texts: dict[int, Delta] = field(default_factory=dict[int, Delta])
    live_calls: int = 0
    day: str | None = None
    reader: Reader | None = None
    begun: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    ledger: dict[str, dict[str, Json] | None] = field(default_factory=dict[str, "dict[str, Json] | None"])

    @property
    def info(self) -> RunInfo:
        """Identity of the run."""
        return self.record.info

    def session_value(self) -> dict[str, Json]:
        """Return the root `session` of expressions."""
        return {"id": self.conversation.id, "messages": list(self.conversation.messages)}

    def run_value(self) -> dict[str, Json]:
        """Return the root `run` of expressions; a replay sees the id of the run that it replays."""
        return {
            "id": (self.info.fork_of if self.offline else None) or self.info.id,
            "app": self.info.app,
            "version": self.info.version,
        }

    def stream(self, kind: str, path: str, of: int, text: str) -> None:
        """Publish a piece of a growing text."""
        known = self.texts.get(of)
        before = known.text if known else ""
        self.texts[of] = Delta(self.info.id, kind, path, of, 0, before + text)
        self.publish(Delta(self.info.id, kind, path, of, len(before), text))

    def spend(self, usage: Mapping[str, Json]) -> dict[str, float]:
        """Return the countable part of a usage record."""
        kinds = ("usd", "tokens", "tool_calls", "turns")
        return {kind: float(amount) for kind in kinds if isinstance(amount := usage.get(kind), int | float)}
