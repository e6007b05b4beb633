"""What a new run takes over from another one, and what is set in it.

A fork holds copies of its parent's events, so that it can be taken up, replayed and forked by itself, whatever becomes
of the parent. Copied events name the event that they come from as `inherited`; what they have used is not used again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agents.errors import ValueMismatch
from agents.graph import CompiledApp, CompiledNode
from agents.types import coerce

from ..base.errors import Json
from ..base.events import Event
from ..base.labels import USER
from .errors import PinInvalid, PlaceUnknown
from .journal import Memory
from .places import Shadow, locate

__all__ = ["Fork", "Pins", "entries"]

Pins = Mapping[str, Mapping[str, Json]]
"""Values of output ports by node path."""

_KEPT = (
    "node.started", "node.ended", "node.skipped", "node.retried", "node.failed", "model.called", "model.ended",
    "tool.called", "tool.ended", "retrieval.ended", "value.recorded", "state.set", "ask.answered", "plan.made",
    "reply.opened", "reply.ended", "log",
)  # fmt: skip

_FORM = re.compile(r":a\d{1,9}-\d+\Z")
"""How the name of a form's answer ends; that of an approval has a hash there."""

HANDLE = "handle"
"""What a pin calls the way that a node took, where the node has no port of that name."""

_CHOSEN = ("case", "label", "action")
"""Ports whose value is the handle that a node took."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fork:
    """How a new run differs from the one that it comes from.

    Args:
        at: The last event that it takes over; None takes all.
        since: The node from which on everything is done again.
        pins: Output ports that get other values; all that depends on them is done again.
        only: The only node that is run.
    """

    at: int | None = None
    since: str | None = None
    pins: Pins = field(default_factory=dict[str, Mapping[str, Json]])
    only: str | None = None


def entries(events: Sequence[Event], app: CompiledApp, fork: Fork) -> list[Event]:
    """Return what the journal of a fork begins with: what it takes over, and what is set in it.

    A node that has failed is not taken over, so that the fork tries it anew; nor is a question that nobody answered.

    Args:
        events: The parent's events that may be taken over, in order; none for a run of its own.
        app: The app of both.
        fork: How the fork differs.

    Raises:
        PlaceUnknown: The app has no such node.
        PinInvalid: A port is unknown, a value does not fit, or it cannot be told which handle a node took.
    """
    if fork.only is not None and fork.only not in app.nodes:
        raise PlaceUnknown(f"There is no node {fork.only!r}.", where=fork.only, fix=f"There is {', '.join(app.nodes)}.")
    found = [*_inherited(events, app, fork)]
    called = {event.path: at for at, event in enumerate(found) if event.type == "tool.ended"}
    found = [event for at, event in enumerate(found) if not _unused(event, called.get(event.path, -1) > at)]
    memory = Memory()
    for event in found:
        memory.absorb(event)
    return found + [_pinned(app, memory, path, values) for path, values in fork.pins.items()]


def _inherited(events: Sequence[Event], app: CompiledApp, fork: Fork) -> Iterator[Event]:
    shadows = [Shadow(locate(app, path), whole=False) for path in fork.pins]
    shadows += [Shadow(locate(app, path), whole=True) for path in (fork.since, fork.only) if path is not None]
    failed = _failed(events)
    for event in events:
        if event.type not in _KEPT or event.path in failed:
            continue
        if not any(shadow.covers(event.path) for shadow in shadows):
            source = event.data.get("inherited", event.seq)
            yield replace(event, data={**event.data, "inherited": source})


def _unused(event: Event, called: bool) -> bool:
    """Whether an event is the approval of a call that was not made: it holds for the parent's call, not for another."""
    return event.type == "ask.answered" and not called and not _FORM.search(str(event.data["ask"]))


def _failed(events: Sequence[Event]) -> set[str]:
    failed: set[str] = set()
    for event in events:
        if event.type == "node.failed" and not event.data.get("caught"):
            failed.add(event.path)
        elif event.type in ("node.ended", "node.skipped"):
            failed.discard(event.path)
    return failed


def _pinned(app: CompiledApp, memory: Memory, path: str, values: Mapping[str, Json]) -> Event:
    """Say that a node has ended with given values, over what it may have ended with."""
    node = locate(app, path)[-1].node
    said = values.get(HANDLE) if HANDLE not in node.outputs else None
    given = {name: value for name, value in values.items() if name != HANDLE or name in node.outputs}
    ports = {**memory.ports.get(path, {}), **_checked(node, path, given)}
    data: dict[str, Json] = {
        "handle": _handle(node, path, ports, memory.marks.get(path) if said is None else str(said)),
        "ports": ports,
        "label": USER.to_json(),
        "pinned": [*sorted(values)],
    }
    return Event("", 0, 0, "node.ended", path, memory.attempts.get(path, 1), data)


def _checked(node: CompiledNode, path: str, values: Mapping[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, value in values.items():
        port = node.outputs.get(name)
        if port is None:
            known = ", ".join(node.outputs) or "none"
            raise PinInvalid(f"{path!r} has no port {name!r}.", where=f"{path}.{name}", fix=f"It has: {known}.")
        try:
            found[name] = coerce(value, port.type, f"{path}.{name}")
        except ValueMismatch as error:
            raise PinInvalid(error.message, where=f"{path}.{name}", fix=f"It takes {port.type}.") from error
    return found


def _handle(node: CompiledNode, path: str, ports: Mapping[str, Json], mark: str | None) -> str:
    """Return the way that a pinned node took: as a port says, or as it was said or recorded."""
    if "error" in ports and node.on_error == "branch":
        return "error"
    ways = [name for name in node.handles if name != "error"]
    if not ways or "ok" in ways:
        return "ok"
    chosen = next((str(ports[name]) for name in _CHOSEN if name in ports), mark)
    if chosen in ways:
        return chosen
    fix = f"Pin {path}.{HANDLE}: {', '.join(ways)}."
    raise PinInvalid(f"It is not said which way {path!r} went.", where=path, fix=fix)
