"""The division of a graph into cells: which nodes share one LangGraph super-step.

A *complete cut* is a place that every path crosses: all before it precede all after it. Between two cuts lies a block;
its connected components (cells) share no edge, so as nodes of one super-step they overlap fully and wait for nothing
but the cut that the app itself has. Neighbouring blocks of one cell each are merged: a chain costs one super-step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from agents.graph import CompiledNode

__all__ = ["Block", "Cell", "divide"]

Cell: TypeAlias = tuple[CompiledNode, ...]
Block: TypeAlias = tuple[Cell, ...]


def divide(nodes: Mapping[str, CompiledNode]) -> list[Block]:
    """Divide nodes, given in topological order, into blocks of independent cells."""
    folded: list[Block] = []
    for block in map(_components, _between_cuts(list(nodes.values()))):
        if len(block) == 1 and folded and len(folded[-1]) == 1:
            folded[-1] = (folded[-1][0] + block[0],)
        else:
            folded.append(block)
    return folded


def _between_cuts(ordered: Sequence[CompiledNode]) -> list[list[CompiledNode]]:
    """Split a topological order at its complete cuts, with ancestor sets as bit masks."""
    position = {node.id: index for index, node in enumerate(ordered)}
    ancestors: list[int] = []
    for node in ordered:
        before = {name: ancestors[position[name]] | 1 << position[name] for name in node.predecessors}
        ancestors.append(_certain(node, before))
    common, cuts = -1, {0}
    for index in range(len(ordered) - 1, 0, -1):
        common &= ancestors[index]
        before = (1 << index) - 1
        if common & before == before:
            cuts.add(index)
    starts = sorted(cuts)
    return [list(ordered[start:stop]) for start, stop in zip(starts, [*starts[1:], len(ordered)], strict=True)]


def _certain(node: CompiledNode, before: Mapping[str, int]) -> int:
    """Return what is surely decided when a node begins; a join waits for one of its arms only."""
    loose = {need.root for arm in node.arms.values() for need in arm} - {edge.source for edge in node.edges}
    certain, common = 0, -1
    for name, ancestors in before.items():
        if name in loose:
            common &= ancestors
        else:
            certain |= ancestors
    return certain if common == -1 else certain | common


def _components(block: Sequence[CompiledNode]) -> Block:
    """Return the connected components of a block, each in topological order."""
    parent = {node.id: node.id for node in block}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for node in block:
        for name in node.predecessors:
            if name in parent:
                parent[root(name)] = root(node.id)
    groups: dict[str, list[CompiledNode]] = {}
    for node in block:
        groups.setdefault(root(node.id), []).append(node)
    return tuple(tuple(group) for group in groups.values())
