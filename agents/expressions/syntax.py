"""The syntax tree of an expression, with its macros (`has`, `map`, `cel.bind`, …) expanded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from .descriptors import Proto

__all__ = [
    "Call",
    "Const",
    "Entry",
    "Fields",
    "Ident",
    "Items",
    "Loop",
    "Node",
    "Select",
    "Tree",
    "children",
    "walk",
]


@dataclass(slots=True)
class Const:
    """A literal; `kind` is one of null, bool, int, uint, double, string, bytes."""

    id: int
    kind: str
    value: bool | int | float | str | bytes | None


@dataclass(slots=True)
class Ident:
    """A name."""

    id: int
    name: str


@dataclass(slots=True)
class Select:
    """`operand.field`, or `has(operand.field)` when `test`."""

    id: int
    operand: Node
    field: str
    test: bool


@dataclass(slots=True)
class Call:
    """A function, method or operator (`_+_`, `_?_:_`, `_[_]`, `_?._`)."""

    id: int
    function: str
    target: Node | None
    args: list[Node]


@dataclass(slots=True)
class Items:
    """A list; the items at the places in `optional` are left out when they are absent."""

    id: int
    items: list[Node]
    optional: tuple[int, ...]


@dataclass(slots=True)
class Entry:
    """An entry of a map; the key of a message is a string."""

    key: Node | str
    value: Node
    optional: bool


@dataclass(slots=True)
class Fields:
    """A map, or a message when it has a name."""

    id: int
    message: str
    entries: list[Entry]


@dataclass(slots=True)
class Loop:
    """An expanded macro: `accu` starts as `init` and becomes `step` for every `name` of `range`; then `result`.

    `cel.bind(x, value, result)` is a loop over nothing, with `x` as `accu`.
    """

    id: int
    name: str
    range: Node
    accu: str
    init: Node
    condition: Node
    step: Node
    result: Node

    @property
    def binds(self) -> bool:
        """Whether this is a `cel.bind`."""
        return self.name == "#unused"


Node: TypeAlias = Const | Ident | Select | Call | Items | Fields | Loop


@dataclass(slots=True)
class Tree:
    """A whole expression: its root, the place of each node by id, and for a checked one the library's types by id."""

    root: Node
    places: dict[int, int]
    types: dict[int, Proto]


def children(node: Node) -> list[Node]:
    """Return the nodes right below."""
    match node:
        case Select():
            return [node.operand]
        case Call():
            return node.args if node.target is None else [node.target, *node.args]
        case Items():
            return node.items
        case Fields():
            keys = [entry.key for entry in node.entries if not isinstance(entry.key, str)]
            return [*keys, *(entry.value for entry in node.entries)]
        case Loop():
            return [node.range, node.init, node.condition, node.step, node.result]
        case _:
            return []


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and all below it, parents first."""
    stack = [node]
    while stack:
        found = stack.pop()
        yield found
        stack.extend(children(found))
