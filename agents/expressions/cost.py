"""How costly an expression may be.

CEL ends always, but a short text can still copy its input many times over. Three numbers bound the tree: its nodes,
its depth and its nested loops. The fourth, `growth`, bounds what it builds: how many times the size of its input a
value inside it can have, counting each loop over a list once (the library itself stops after 10,000 rounds in all).
"""

from __future__ import annotations

from collections.abc import Mapping

from .syntax import Call, Const, Fields, Ident, Items, Loop, Node, Select, children

__all__ = ["MAX_DEPTH", "MAX_GROWTH", "MAX_LENGTH", "MAX_LOOPS", "MAX_NODES", "excess"]

MAX_LENGTH = 2000
MAX_NODES = 500
MAX_DEPTH = 32
MAX_LOOPS = 2
MAX_GROWTH = 100

_SMALL = frozenset(
    {
        "_==_",
        "_!=_",
        "_<_",
        "_<=_",
        "_>_",
        "_>=_",
        "_&&_",
        "_||_",
        "!_",
        "@in",
        "@not_strictly_false",
        "size",
        "contains",
    }
    | {"startsWith", "endsWith", "matches", "hasValue", "indexOf", "lastIndexOf", "int", "double", "bool"}
    | {"timestamp", "duration"}
)
"""Functions whose result has a bounded size, whatever they are given."""


def excess(root: Node) -> str:
    """Return what is too much about an expression, as a clause; empty when nothing is."""
    nodes, depth, loops = _shape(root)
    if nodes > MAX_NODES:
        return f"it has {nodes} parts; at most {MAX_NODES} are allowed"
    if depth > MAX_DEPTH:
        return f"it is nested deeper than {MAX_DEPTH}"
    if loops > MAX_LOOPS:
        return f"it has {loops} loops inside each other; at most {MAX_LOOPS} are allowed"
    if _growth(root, {}) > MAX_GROWTH:
        return f"it can make a value more than {MAX_GROWTH} times as large as its input"
    return ""


def _shape(root: Node) -> tuple[int, int, int]:
    nodes = deepest = most = 0
    stack: list[tuple[Node, int, int]] = [(root, 1, 0)]
    while stack:
        node, depth, loops = stack.pop()
        nodes += 1
        deepest = max(deepest, depth)
        most = max(most, loops)
        inside = loops + 1 if isinstance(node, Loop) and not node.binds else loops
        for child in children(node):
            outside = isinstance(node, Loop) and child is node.range
            stack.append((child, depth + 1, loops if outside else inside))
        most = max(most, inside)
    return nodes, deepest, most


def _growth(node: Node, names: Mapping[str, float]) -> float:
    """Return a bound of the size of the greatest value that is made, as a multiple of the input's size."""
    match node:
        case Const():
            return 1
        case Ident(name=name):
            return names.get(name, 1)
        case Select(operand=operand):
            return _growth(operand, names)
        case Call():
            return _call_growth(node, names)
        case Items() | Fields():
            return max(1, sum(_growth(child, names) for child in children(node)))
        case Loop():
            return _loop_growth(node, names)


def _call_growth(node: Call, names: Mapping[str, float]) -> float:
    parts = [_growth(child, names) for child in children(node)]
    if node.function == "replace" and node.target is not None and len(node.args) > 1:
        return max(*parts, parts[0] * _replacement(node.args[0], node.args[1], parts[2]))
    if node.function == "join" and len(parts) > 1:
        return parts[0] * (1 + parts[1])
    if node.function in _SMALL or node.function == "_?_:_":
        return max(parts)
    return max(1, sum(parts))


def _replacement(old: Node, new: Node, growth: float) -> float:
    if isinstance(old, Const) and isinstance(new, Const):
        before, after = len(str(old.value)), len(str(new.value))
        return max(1, after / before) if before else after + 1
    return 1 + growth


def _loop_growth(node: Loop, names: Mapping[str, float]) -> float:
    start = _growth(node.init, names)
    if node.binds:
        return max(start, _growth(node.result, {**names, node.accu: start}))
    around = _growth(node.range, names)
    inner = {**names, node.name: 1.0, node.accu: 0.0}
    return around * max(1, start, _growth(node.step, inner), _growth(node.result, inner))
