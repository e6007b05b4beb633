"""Small conversions that the expression library does not make and that nobody should have to write.

An integer literal beside a number becomes a number (`x > 7` is `x > 7.0`), and `null` as a possible result keeps the
other branch's type (`x > 7 ? y : null`).
"""

from __future__ import annotations

import re

from .syntax import Call, Const, Fields, Items, Loop, Node, Tree, children, walk

__all__ = ["mixes", "nulls", "widen"]

_LITERAL = re.compile(r"-?\s*(?:0[xX][0-9a-fA-F]+|\d+)")
_ARITHMETIC = frozenset({"_+_", "_-_", "_*_", "_/_", "-_"})

Pieces = dict[int, tuple[int, str]]


def nulls(source: str, tree: Tree) -> Pieces:
    """Return the edits that hide from the checker the `null` that an expression may end in."""
    pieces: Pieces = {}
    stack = [tree.root]
    while stack:
        match stack.pop():
            case Call(function="_?_:_", args=[_, then, other]):
                stack += [then, other]
            case Call(function="orValue", args=[other]):
                stack.append(other)
            case Loop(name="#unused", result=result):
                stack.append(result)
            case Const(kind="null") as node if node is not tree.root:
                place = tree.places.get(node.id, -1)
                if source[place : place + 4] == "null" and place >= 0:
                    pieces[place] = (4, "dyn(null)")
            case _:
                pass
    return pieces


def mixes(types: str) -> bool:
    """Whether the argument types of a call that has no meaning, as the library writes them, mix the two numbers."""
    return re.search(r"\bdouble\b", types) is not None and re.search(r"\bint\b", types) is not None


def widen(source: str, tree: Tree, function: str, offset: int) -> Pieces:
    """Return the edits that make numbers of the integer literals in the call at `offset`; none when there are none."""
    for node in walk(tree.root):
        if isinstance(node, Call) and node.function == function and tree.places.get(node.id) == offset:
            pieces: Pieces = {}
            for argument in children(node):
                for literal in _literals(argument) or []:
                    pieces.update(_piece(source, literal, tree))
            return pieces
    return {}


def _literals(node: Node) -> list[Const] | None:
    """Return the integer literals that make up a value, or None when something else does."""
    match node:
        case Const(kind="int"):
            return [node]
        case Call(function="_?_:_", args=[_, *parts]):
            return _every(parts)
        case Call(function="optional.of" | "dyn", args=parts):
            return _every(parts)
        case Call(function=function) if function in _ARITHMETIC:
            return _every(node.args)
        case Items(items=parts):
            return _every(parts)
        case Fields(entries=entries):
            return _every([entry.value for entry in entries])
        case _:
            return None


def _every(nodes: list[Node]) -> list[Const] | None:
    found: list[Const] = []
    for node in nodes:
        literals = _literals(node)
        if literals is None and not isinstance(node, Const):
            return None
        found += literals or []
    return found


def _piece(source: str, literal: Const, tree: Tree) -> Pieces:
    place = tree.places.get(literal.id, -1)
    match = _LITERAL.match(source, place) if place >= 0 else None
    if match is None:
        return {}
    return {place: (len(match[0]), f"{float(int(literal.value or 0))!r}")}
