"""Phase 5: state. Two uses of one key, one of them a write, must be ordered, exclusive or commutative."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from ..nodes.set import SetConfig
from ..types import COMMUTATIVE, reducible
from .conditions import NEVER
from .draft import Draft

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
            draft.report("BG309", f"/nodes/{second.node}", names, node=second.node)


def _uses(draft: Draft) -> list[_Use]:
    found: dict[_Use, None] = {}
    for name in draft.order:
        node = draft.nodes[name]
        for wire in node.wires:
            if wire.reference.root == "state" and wire.reference.path:
                found[_Use(name, wire.reference.path[0], writes=False)] = None
        if isinstance(node.view.config, SetConfig):
            for key in node.view.config.write:
                found[_Use(name, key, writes=True)] = None
    return list(found)


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
