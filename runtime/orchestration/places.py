"""Node paths against a compiled app: which node a path names, and which paths depend on it.

`each[3].draft` is the node `draft` in pass 3 of the map `each`, `refine#2.draft` that of round 2 of a loop,
`guarded.draft` that of a `try`; what stands after a slash belongs to a graph that a node made itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agents.graph import CompiledApp, CompiledNode

from .errors import PlaceUnknown

__all__ = ["Place", "Shadow", "locate", "within"]

_STEP = re.compile(r"([a-z][a-z0-9_]*)(\[\d+\]|#\d+)?")


def within(path: str, outer: str) -> bool:
    """Whether a path is that of a node, or of one inside it."""
    return path == outer or path.startswith((f"{outer}.", f"{outer}[", f"{outer}#", f"{outer}/"))


@dataclass(frozen=True, slots=True)
class Place:
    """One node on the way to a node: itself, the graph it stands in, and the path before its id.

    Args:
        node: The node.
        graph: The nodes of its graph.
        prefix: The path before its id.
        passing: Which pass through its body the way goes on with, such as `[3]` or `#2`; empty at the last node.
    """

    node: CompiledNode
    graph: Mapping[str, CompiledNode]
    prefix: str
    passing: str = ""

    @property
    def path(self) -> str:
        """The node's path."""
        return f"{self.prefix}{self.node.id}"


def locate(app: CompiledApp, path: str) -> list[Place]:
    """Return the nodes on the way to a node, the outermost first and the node itself last.

    Raises:
        PlaceUnknown: The app has no such node.
    """
    graph: Mapping[str, CompiledNode] = app.nodes
    found: list[Place] = []
    prefix = ""
    steps = path.split(".")
    for number, step in enumerate(steps):
        match = _STEP.fullmatch(step)
        node = graph.get(match[1]) if match else None
        last = number == len(steps) - 1
        if match is None or node is None or (last and match[2]) or (not last and node.body is None):
            known = ", ".join(f"{prefix}{name}" for name in graph)
            raise PlaceUnknown(f"There is no node {path!r}.", where=path, fix=f"There is {known}.")
        passing = "" if last else (match[2] or "")
        found.append(Place(node, graph, prefix, passing))
        prefix = f"{prefix}{step}."
        graph = node.body.nodes if node.body is not None and not last else graph
    return found


class Shadow:
    """The paths that depend on a node.

    Args:
        way: The nodes on the way to it, from `locate`.
        whole: Whether the node itself is among them, with all inside it.
    """

    def __init__(self, way: list[Place], *, whole: bool) -> None:
        self._way = way
        self._whole = whole
        self._after = [_descendants(place) for place in way]

    def covers(self, path: str) -> bool:
        """Whether what happened at a path depends on the node."""
        for number, (place, after) in enumerate(zip(self._way, self._after, strict=True)):
            if not path.startswith(place.prefix):
                return False
            head = _STEP.match(path[len(place.prefix) :])
            if head is None:
                return False
            if head[1] in after:
                return True
            if head[1] != place.node.id:
                return False
            if number == len(self._way) - 1:
                return self._whole
            if path == place.path:
                return True
            if _later(head[2], place.passing):
                return True
        return False


def _later(found: str | None, passing: str) -> bool:
    """Whether a round comes after the one that the way goes through; passes of a map do not see each other."""
    both = bool(found) and passing.startswith("#") and str(found).startswith("#")
    return both and int(str(found)[1:]) > int(passing[1:])


def _descendants(place: Place) -> set[str]:
    found: set[str] = set()
    for node in place.graph.values():
        if place.node.id in node.predecessors or found.intersection(node.predecessors):
            found.add(node.id)
    return found
