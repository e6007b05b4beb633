"""Phase 5: state. Two uses of one key, one of them a write, must be ordered, exclusive or commutative.

A container uses what the nodes of its body use. Passes of a `map` run side by side, so that a write in one is ordered
with nothing in the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from ..nodes.container import Container
from ..nodes.set import SetConfig
from ..types import COMMUTATIVE, reducible
from .conditions import NEVER
from .draft import Draft, Node

__all__ = ["check_state"]


@dataclass(frozen=True, slots=True)
class _Use:
    node: str
    key: str
    writes: bool


def check_state(draft: Draft) -> None:
    """Report reducers that do not fit their type and accesses that nothing orders."""
    for name, key in draft.scope.state.items():
        if not reducible(key.reducer, key.type):
            draft.report("BG311", f"/state/{name}/reducer", reducer=key.reducer, type=key.type)
    for inner in draft.every():
        _check_order(inner)
        if _side_by_side(inner):
            _check_passes(inner)


def _check_order(draft: Draft) -> None:
    before = _ancestors(draft)
    for first, second in combinations(_uses(draft), 2):
        if first.key != second.key or first.node == second.node or not (first.writes or second.writes):
            continue
        if first.node in before[second.node] or second.node in before[first.node]:
            continue
        if draft.conditions.both(draft.runs[first.node], draft.runs[second.node]) == NEVER:
            continue
        if not _harmless(draft, first, second):
            names = {"first": first.node, "second": second.node, "key": first.key}
            draft.report("BG309", draft.nodes[second.node].view.pointer, names, node=second.node)


def _side_by_side(draft: Draft) -> bool:
    """Whether the graph is the body of a container whose passes run at one time, which nothing around it undoes."""
    return isinstance(kind := draft.terminal and draft.terminal.kind, Container) and kind.parallel


def _check_passes(body: Draft) -> None:
    uses = _uses(body)
    for write in uses:
        key = body.scope.state.get(write.key)
        if not write.writes or key is None:
            continue
        alone = key.reducer in COMMUTATIVE
        read = key.scope == "run" and any(one.key == write.key and not one.writes for one in uses)
        if not alone or read:
            path = body.nodes[write.node].view.pointer
            body.report("BG313", path, node=write.node, owner=body.owner, key=write.key)


def _uses(draft: Draft) -> list[_Use]:
    found: dict[_Use, None] = {}
    for name in draft.order:
        node = draft.nodes[name]
        for wire in node.wires:
            if wire.reference.root == "state" and wire.reference.path:
                found[_Use(name, wire.reference.path[0], writes=False)] = None
        for key in _written(node):
            found[_Use(name, key, writes=True)] = None
    return list(found)


def _written(node: Node) -> Iterator[str]:
    if isinstance(node.view.config, SetConfig):
        yield from node.view.config.write
    for inner in node.body.every() if node.body is not None else ():
        for one in inner.nodes.values():
            if isinstance(one.view.config, SetConfig):
                yield from one.view.config.write


def _harmless(draft: Draft, first: _Use, second: _Use) -> bool:
    key = draft.scope.state.get(first.key)
    if key is None:
        return True
    if first.writes and second.writes:
        return key.reducer in COMMUTATIVE
    return key.scope != "run"


def _ancestors(draft: Draft) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for name in draft.order:
        direct = draft.nodes[name].predecessors
        found[name] = frozenset(direct).union(*(found[one] for one in direct))
    return found
