"""The run journal: what happened, in order, and the memo that serves it again.

Every event is queued on the run's stream and published to watchers once it is committed. `barrier` waits for the commit
of all that was queued before: a body pays for it only where something is about to become visible outside.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, TypeAlias, cast

from ..base.errors import Json
from ..base.events import Event
from ..base.ids import canonical_json
from ..storage import Connection, Stream
from .errors import JournalDamaged
from .places import within

__all__ = ["CALLS", "CHOICE", "SKIPPED", "SPENT", "Journal", "Memo", "Memory", "argument_hash", "read_events", "recall"]

_EVENT: Final = (
    "INSERT INTO events (run, seq, workspace, at, type, path, attempt, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)

SPENT: Final = ("usd", "tokens", "tool_calls", "turns")

SKIPPED: Final = "~"
"""The mark of a node that was decided not to run."""

CHOICE: Final = "choice"
"""The target of the record that says by which arm a `join` went."""

CALLS: Final = ("model.ended", "tool.ended", "retrieval.ended", "value.recorded")
"""Events that hold the record of a call."""

Memo: TypeAlias = tuple[str, int, str, str, str, int]
"""Node path, attempt, kind, target, hash of the arguments, ordinal among equal calls."""


@dataclass(slots=True)
class Memory:
    """What a journal says about a run that is taken up again."""

    seq: int = 0
    marks: dict[str, str] = field(default_factory=dict[str, str])
    ports: dict[str, dict[str, Json]] = field(default_factory=dict[str, dict[str, Json]])
    labels: dict[str, Json] = field(default_factory=dict[str, Json])
    attempts: dict[str, int] = field(default_factory=dict[str, int])
    failed: set[str] = field(default_factory=set[str])
    chosen: dict[str, str] = field(default_factory=dict[str, str])
    pinned: set[str] = field(default_factory=set[str])
    lost: dict[str, str] = field(default_factory=dict[str, str])
    caught: dict[str, dict[str, Json]] = field(default_factory=dict[str, "dict[str, Json]"])
    started: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    calls: dict[Memo, dict[str, Json]] = field(default_factory=dict[Memo, dict[str, Json]])
    intents: dict[str, dict[str, Json] | None] = field(default_factory=dict[str, "dict[str, Json] | None"])
    opened: set[str] = field(default_factory=set[str])
    answers: dict[str, dict[str, Json]] = field(default_factory=dict[str, dict[str, Json]])
    writes: list[tuple[str, str, Json]] = field(default_factory=list[tuple[str, str, Json]])
    spent: dict[str, float] = field(default_factory=dict[str, float])
    spent_at: dict[str, dict[str, float]] = field(default_factory=dict[str, "dict[str, float]"])
    reserved: dict[str, tuple[str, dict[str, float]]] = field(default_factory=dict[str, "tuple[str, dict[str, float]]"])
    overruled: set[str] = field(default_factory=set[str])
    working: int | None = None
    begun_at: dict[str, float] = field(default_factory=dict[str, float])
    busy_for: dict[str, float] = field(default_factory=dict[str, float])
    begun: dict[str, Json] | None = None
    only: str | None = None
    ended: dict[str, Json] | None = None

    def absorb(self, event: Event) -> None:
        """Take one event in, in the order of the journal."""
        self.seq = event.seq
        self._time(event)
        group, _, what = event.type.partition(".")
        if group == "node":
            self._node(what, event)
        elif group in ("ask", "effect"):
            self._outside(event)
        elif event.type in CALLS:
            self._call(event)
        elif event.type == "state.set":
            self.writes.append((event.path, str(event.data["key"]), event.data["value"]))
        elif group == "budget":
            self._budget(what, event)
        elif group == "run":
            self._run(what, event.data)

    def _run(self, what: str, data: dict[str, Json]) -> None:
        if what == "accepted":
            only = data.get("only")
            self.only = only if isinstance(only, str) else None
        elif what == "started":
            self.begun = data
        elif what == "resumed" and data.get("from") in ("failed", "doubt"):
            self.retry()
        elif what == "ended":
            self.ended = data

    def _node(self, what: str, event: Event) -> None:
        data, path = event.data, event.path
        if what in ("ended", "failed", "skipped") and path in self.begun_at:
            self.busy_for[path] = self.busy(path)
            del self.begun_at[path]
        if what == "started":
            self.started.add((path, event.attempt))
            self.begun_at.setdefault(path, self.spent.get("seconds", 0.0))
            self.attempts[path] = max(self.attempts.get(path, 1), event.attempt)
        elif what == "ended":
            self.marks[path] = str(data["handle"])
            self.ports[path] = cast("dict[str, Json]", data["ports"])
            self.labels[path] = data.get("label")
            if "pinned" in data:
                self.pinned.add(path)
        elif what == "skipped":
            self.marks[path] = SKIPPED
            if "lost" in data:
                self.lost[path] = str(data["lost"])
        elif what == "failed" and data.get("caught"):
            self.caught[path] = cast("dict[str, Json]", data["error"])
            self.labels[path] = data.get("label")
        elif what == "failed":
            self.failed.add(path)
        elif what == "retried":
            self.attempts[path] = event.attempt + 1

    def _outside(self, event: Event) -> None:
        data = event.data
        match event.type:
            case "ask.opened":
                self.opened.add(str(data["ask"]))
            case "ask.answered":
                self.answers[str(data["ask"])] = cast("dict[str, Json]", data["answer"])
            case "ask.withdrawn":
                self.opened.discard(str(data["ask"]))
            case "effect.intent":
                self.intents.setdefault(str(data["effect"]), None)
            case "effect.done" if data.get("failed"):
                self.intents.pop(str(data["effect"]), None)
            case "effect.settled" if data.get("record") is None:
                self.intents.pop(str(data["effect"]), None)
            case "effect.settled":
                self.intents[str(data["effect"])] = cast("dict[str, Json]", data["record"])
            case _:
                pass

    def retry(self) -> None:
        """Give every node that failed a new attempt, and let what people have refused be asked again."""
        for path in self.failed:
            self.attempts[path] = self.attempts.get(path, 1) + 1
        self.failed.clear()
        self.overruled.update(self.answers)

    def for_replay(self) -> Memory:
        """Return what a replay may know: the calls and answers, but not what the nodes came to."""
        return Memory(
            calls=self.calls, answers=self.answers, attempts=self.attempts, begun=self.begun, chosen=self.chosen,
            lost=self.lost, only=self.only, marks={path: self.marks[path] for path in self.pinned}, ports=self.ports,
            labels=self.labels,
        )  # fmt: skip

    def _call(self, event: Event) -> None:
        key = cast("list[Json]", event.data["key"])
        memo = (event.path, event.attempt, str(key[0]), str(key[1]), str(key[2]), cast("int", key[3]))
        self.calls[memo] = event.data
        if memo[3] == CHOICE and memo[2] == "value":
            self.chosen[event.path] = str(event.data["result"])
        if "effect" in event.data:
            self.intents[str(event.data["effect"])] = event.data
        if "inherited" not in event.data:
            self._spend(event.path, event.data.get("usage"))

    def _budget(self, what: str, event: Event) -> None:
        name = str(event.data.get("reservation"))
        if what == "reserved":
            self.reserved[name] = (event.path, cast("dict[str, float]", event.data["amounts"]))
        elif what == "settled":
            self.reserved.pop(name, None)
            if event.data.get("lost"):
                self._spend(event.path, event.data["used"])

    def _spend(self, path: str, used: Json) -> None:
        for kind, amount in used.items() if isinstance(used, dict) else ():
            if kind in SPENT and isinstance(amount, int | float):
                self.spent[kind] = self.spent.get(kind, 0.0) + amount
                own = self.spent_at.setdefault(path, {})
                own[kind] = own.get(kind, 0.0) + amount

    def _time(self, event: Event) -> None:
        """Count the seconds in which somebody was at work: from a start or resume to the last event before a pause."""
        if event.type in ("run.started", "run.resumed"):
            self.working = event.at
        elif self.working is not None:
            seconds = max(event.at - self.working, 0) / 1000
            self.spent["seconds"] = self.spent.get("seconds", 0.0) + seconds
            self.working = None if event.type in ("run.waiting", "run.ended") else event.at

    def busy(self, path: str) -> float:
        """Return the seconds in which a node was at work, in all its attempts."""
        since = self.begun_at.get(path)
        now = self.spent.get("seconds", 0.0)
        return self.busy_for.get(path, 0.0) + (0.0 if since is None else now - since)

    def spent_below(self, path: str) -> dict[str, float]:
        """Return what the calls of a node have used, and of those inside it."""
        found: dict[str, float] = {}
        for one, used in self.spent_at.items():
            if within(one, path):
                for kind, amount in used.items():
                    found[kind] = found.get(kind, 0.0) + amount
        return found


class Journal:
    """Appends the events of one run to its stream."""

    def __init__(self, run: str, workspace: str, stream: Stream, memory: Memory | None = None) -> None:
        self.run = run
        self.workspace = workspace
        self.stream = stream
        self.memory = memory or Memory()
        self._seq = self.memory.seq

    def emit(self, kind: str, path: str = "", data: Mapping[str, Json] | None = None, *, attempt: int = 0) -> Event:
        """Queue an event; it is published after it is committed, in order."""
        self._seq += 1
        event = Event(self.run, self._seq, time.time_ns() // 1_000_000, kind, path, attempt, dict(data or {}))
        text = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
        row = (self.run, event.seq, self.workspace, event.at, kind, path, attempt, text)
        self.stream.append(_EVENT, row)
        self.stream.note(event)
        return event

    async def barrier(self) -> None:
        """Wait until all that was emitted is committed."""
        await self.stream.commit()


def argument_hash(value: Json) -> str:
    """Return a stable hash of a call's arguments."""
    return blake2b(canonical_json(value).encode(), digest_size=16).hexdigest()


def recall(connection: Connection, run: str, upto: int | None = None) -> Memory:
    """Read a run's journal back, up to an event or to its end."""
    memory = Memory()
    for event in read_events(connection, run, upto=upto):
        memory.absorb(event)
    return memory


def read_events(connection: Connection, run: str, *, after: int = 0, upto: int | None = None) -> list[Event]:
    """Return a run's events after one number and up to another.

    Raises:
        JournalDamaged: One of them cannot be read.
    """
    rows = connection.execute(
        "SELECT seq, at, type, path, attempt, data FROM events WHERE run = ? AND seq > ? AND seq <= ? ORDER BY seq",
        (run, after, upto if upto is not None else 1 << 62),
    )
    return [
        Event(run, seq, at, kind, path, attempt, _data(run, seq, data)) for seq, at, kind, path, attempt, data in rows
    ]


def _data(run: str, seq: int, text: str | None) -> dict[str, Json]:
    try:
        return cast("dict[str, Json]", json.loads(text)) if text else {}
    except ValueError as error:
        fix = "Restore the database from a backup; fork the run at an event before it."
        raise JournalDamaged(f"Event {seq} of the journal cannot be read: {error}.", where=run, fix=fix) from error
