"""Lanes that a `join` may stop: what leads to one of its arms and to nothing else."""

from __future__ import annotations

from collections import defaultdict

from ..nodes.join import JoinConfig
from .draft import Draft, Node

__all__ = ["losers", "stoppable"]


def losers(draft: Draft, join: Node) -> dict[str, tuple[str, ...]]:
    """Return, by arm, the nodes that nothing else waits for; empty where the join lets them run on."""
    config = join.view.config
    if not isinstance(config, JoinConfig) or config.mode != "first":
        return {}
    leads = _successors(draft)
    arms = _arms(join)
    found: dict[str, tuple[str, ...]] = {}
    for arm in join.arms:
        lane: set[str] = set()
        for name in reversed(draft.order):
            after = leads[name]
            only = all(one in lane or (one == join.id and arms[name] == {arm}) for one in after)
            if after and only:
                lane.add(name)
        found[arm] = tuple(name for name in draft.order if name in lane)
    return found


def stoppable(node: Node) -> bool:
    """Whether nothing in a node, at any depth, acts on the world."""
    inside = [one for body in (node.body.every() if node.body else ()) for one in body.nodes.values()]
    for one in (node, *inside):
        for act in one.kind.acts(one.view):
            if act.info is None or act.info.policy.effect_class != "pure":
                return False
    return True


def _successors(draft: Draft) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in draft.order:
        for before in draft.nodes[name].predecessors:
            found[before].add(name)
    if draft.terminal is not None:
        for wire in draft.terminal.wires:
            found[wire.reference.root].add("")
    return found


def _arms(join: Node) -> dict[str, set[str]]:
    """Return which arms read each node."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for place in join.places:
        for wire in join.wires:
            if wire.key == place.key and place.port is not None:
                found[wire.reference.root].add(place.port)
    return found
