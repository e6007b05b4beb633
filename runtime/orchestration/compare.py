"""Two runs side by side, node by node: what they did, what came out, what it cost, how long it took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ..base.errors import Json
from ..base.events import Event
from .journal import CALLS, SPENT

__all__ = ["Trace", "compare", "trace"]

_ENDS: Final = {"node.ended": "ended", "node.failed": "failed", "node.skipped": "skipped"}


@dataclass(slots=True)
class Trace:
    """What a journal says of one node.

    Args:
        status: `started`, `ended`, `failed` or `skipped`.
        handle: The way that it took.
        ports: Its outputs, without records of use; a large value is `{"$artifact": id}`.
        error: Its failure.
        calls: Its calls, in order: kind, target, and what they were given.
        used: What its calls have used, by kind.
        inherited: Whether it was taken over from another run.
        seconds: From its first start to its end.
    """

    status: str = "started"
    handle: str | None = None
    ports: dict[str, Json] = field(default_factory=dict[str, Json])
    error: Json = None
    calls: list[Json] = field(default_factory=list[Json])
    used: dict[str, float] = field(default_factory=dict[str, float])
    inherited: bool = False
    seconds: float = 0.0
    _since: int = 0

    def absorb(self, event: Event) -> None:
        """Take an event of the node in."""
        data = event.data
        self.inherited = self.inherited or "inherited" in data
        if event.type == "node.started":
            self._since = self._since or event.at
        elif event.type in _ENDS:
            self._end(event)
        elif event.type in ("model.called", "tool.called"):
            given = data.get("request", data.get("arguments"))
            self.calls.append({"kind": event.type.partition(".")[0], "given": given})
        elif event.type in CALLS:
            used = data.get("usage")
            for kind, amount in used.items() if isinstance(used, dict) else ():
                if kind in SPENT and isinstance(amount, int | float):
                    self.used[kind] = self.used.get(kind, 0.0) + amount

    def _end(self, event: Event) -> None:
        data = event.data
        self.status = _ENDS[event.type]
        handle, ports = data.get("handle"), data.get("ports")
        self.handle = handle if isinstance(handle, str) else None
        known = ports if isinstance(ports, dict) else {}
        self.ports = {name: value for name, value in known.items() if not _is_usage(value)}
        self.error = data.get("error")
        self.seconds = (event.at - self._since) / 1000 if self._since else 0.0


def _is_usage(value: Json) -> bool:
    """Whether a value says what something has used: it is never twice the same, and `used` has it."""
    return isinstance(value, dict) and {"tokens", "usd", "seconds"} <= value.keys()


def trace(events: Iterable[Event]) -> dict[str, Trace]:
    """Return what a journal says of each node, by path, in the order of their beginnings."""
    found: dict[str, Trace] = {}
    for event in events:
        if event.path and not event.type.startswith("ask."):
            found.setdefault(event.path, Trace()).absorb(event)
    return found


def compare(left: Iterable[Event], right: Iterable[Event]) -> list[dict[str, Json]]:
    """Return one record a node path: `{path, same, left, right, changed}`.

    `left` and `right` are null where a run did not come by the node, else `{status, handle, error, used, seconds,
    inherited}`; `changed` has both values by what differs: `status`, `handle`, `error`, `calls`, a port as `ports.x`.
    """
    one, two = trace(left), trace(right)
    paths = [*one, *(path for path in two if path not in one)]
    return [_pair(path, one.get(path), two.get(path)) for path in paths]


def _pair(path: str, left: Trace | None, right: Trace | None) -> dict[str, Json]:
    changed: dict[str, Json] = {}
    if left is not None and right is not None:
        for name in ("status", "handle", "error", "calls"):
            before, after = getattr(left, name), getattr(right, name)
            if before != after:
                changed[name] = [before, after]
        for port in [*left.ports, *(name for name in right.ports if name not in left.ports)]:
            if left.ports.get(port) != right.ports.get(port):
                changed[f"ports.{port}"] = [left.ports.get(port), right.ports.get(port)]
    same = left is not None and right is not None and not changed
    return {"path": path, "same": same, "left": _shown(left), "right": _shown(right), "changed": changed}


def _shown(found: Trace | None) -> Json:
    if found is None:
        return None
    return {
        "status": found.status,
        "handle": found.handle,
        "error": found.error,
        "used": {kind: amount for kind, amount in found.used.items()},
        "seconds": round(found.seconds, 3),
        "inherited": found.inherited,
    }
