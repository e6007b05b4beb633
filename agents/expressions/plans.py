"""How an expression is evaluated: in Python as far as it only moves values, in the library where it computes.

Loops that build a list run in Python. The library copies the whole list at every step (a second for 8,000 items), and
it goes through a map in an order that differs from process to process, so that a replay would differ too; here a map
is gone through in the order of its keys. Reads, lists, maps, choices and bindings around such loops are ours as well;
`exists`, `all` and everything else is one call of the library, given only the fields that it reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

from .codec import encode
from .library import Expression, load
from .parser import OURS, parse, simple_path
from .references import reads
from .syntax import Call, Const, Entry, Fields, Ident, Items, Loop, Node, Select, walk

__all__ = ["Choice", "Each", "Fixed", "Let", "Path", "Plan", "Reads", "Series", "Table", "Task", "plan"]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A literal."""

    value: bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Path:
    """A plain read: a root or a name that a loop binds, then fields."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`condition ? then : other`."""

    condition: Plan
    then: Plan
    other: Plan


@dataclass(frozen=True, slots=True)
class Series:
    """A list."""

    items: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A map with literal keys."""

    entries: tuple[tuple[str, Plan], ...]


@dataclass(frozen=True, slots=True)
class Each:
    """`over.map(name, item)`, of the items for which `condition` holds."""

    name: str
    over: Plan
    condition: Plan | None
    item: Plan


@dataclass(frozen=True, slots=True)
class Let:
    """`cel.bind(name, value, result)`."""

    name: str
    value: Plan
    result: Plan


@dataclass(frozen=True, slots=True)
class Task:
    """One call of the library: what it reads, and what is worked out before it, by the name that stands for it.

    `guarded` says that it deals with optional values, which the library must not find in a result.
    """

    expression: Expression
    reads: dict[str, Reads]
    before: dict[str, Plan]
    guarded: bool


Reads: TypeAlias = "dict[str, Reads] | tuple[str, ...]"
"""What is read of a value: its fields by name, or all of it; then the path that leads there."""

Plan: TypeAlias = Fixed | Path | Choice | Series | Table | Each | Let | Task


@lru_cache(maxsize=4096)
def plan(source: str) -> Plan:
    """Return how to evaluate a text.

    Raises:
        CheckProblem: It is no expression, or too costly.
        LibraryError: It calls a function that does not exist.
    """
    path = simple_path(source)
    return Path(tuple(path)) if path else _plan(parse(source).root)


def _plan(node: Node) -> Plan:
    match node:
        case Const(kind="null" | "bool" | "int" | "double" | "string", value=value) if not isinstance(value, bytes):
            return Fixed(value)
        case Ident() | Select(test=False) if (names := _names(node)) is not None:
            return Path(names)
        case Call(function="_?_:_", args=[condition, then, other]):
            return Choice(_plan(condition), _plan(then), _plan(other))
        case Items(items=items, optional=()):
            return Series(tuple(_plan(one) for one in items))
        case Fields() if (entries := _entries(node)) is not None:
            return Table(tuple((key, _plan(value)) for key, value in entries))
        case Loop() if (each := _each(node)) is not None:
            return each
        case Loop(binds=True) if _builds(node):
            return Let(node.accu, _plan(node.init), _plan(node.result))
        case _:
            return _task(node)


def _names(node: Node) -> tuple[str, ...] | None:
    names: list[str] = []
    while isinstance(node, Select) and not node.test:
        names.append(node.field)
        node = node.operand
    return (node.name.removeprefix("."), *names[::-1]) if isinstance(node, Ident) else None


def _entries(node: Fields) -> list[tuple[str, Node]] | None:
    found = [
        (entry.key.value, entry.value)
        for entry in node.entries
        if isinstance(entry.key, Const) and isinstance(entry.key.value, str) and not entry.optional
    ]
    return found if len(dict(found)) == len(node.entries) else None


def _each(node: Loop) -> Each | None:
    found = _parts(node)
    if found is None:
        return None
    condition, item = found
    return Each(node.name, _plan(node.range), None if condition is None else _plan(condition), _plan(item))


def _parts(node: Loop) -> tuple[Node | None, Node] | None:
    """Return condition and item of an expanded `map` or `filter`, whose step adds an item to the list so far."""
    step, condition = node.step, None
    if isinstance(step, Call) and step.function == "_?_:_":
        condition, step = step.args[0], step.args[1]
    match step:
        case Call(function="_+_", args=[Ident(name=accu), Items(items=[item], optional=())]) if accu == node.accu:
            return condition, item
        case _:
            return None


def _builds(node: Node) -> bool:
    return any(isinstance(one, Loop) and _parts(one) for one in walk(node))


def _task(node: Node) -> Task:
    before: dict[str, Plan] = {}
    rest = _hoist(node, before)
    wanted = _tree(path for path in reads(rest) if path[0] not in before)
    guarded = any(isinstance(one, Call) and _gives_optional(one) for one in walk(rest))
    return Task(load(encode(rest)), wanted, before, guarded)


def _gives_optional(node: Call) -> bool:
    function = node.function.removeprefix("optional.")
    return function in {"_?._", "_[?_]", "of", "none", "ofNonZeroValue", "first", "last"}


def _hoist(node: Node, before: dict[str, Plan]) -> Node:
    """Return a node with our own loops replaced by names, whose plans are added to `before`."""
    match node:
        case Loop() if _parts(node) or (node.binds and _builds(node)):
            name = f"{OURS}{len(before)}"
            before[name] = _plan(node)
            return Ident(node.id, name)
        case Loop():
            # What is inside sees names that only the library binds.
            return replace(node, range=_hoist(node.range, before))
        case Select():
            return replace(node, operand=_hoist(node.operand, before))
        case Call():
            target = None if node.target is None else _hoist(node.target, before)
            return replace(node, target=target, args=[_hoist(one, before) for one in node.args])
        case Items():
            return replace(node, items=[_hoist(one, before) for one in node.items])
        case Fields():
            entries = [Entry(one.key, _hoist(one.value, before), one.optional) for one in node.entries]
            return replace(node, entries=entries)
        case _:
            return node


def _tree(paths: Iterable[tuple[str, ...]]) -> dict[str, Reads]:
    """Return the paths as a tree; a path that is read as a whole covers those that go on from it."""
    done: dict[str, Reads] = {}
    for path in sorted(paths, key=len):
        inside = done
        for at, name in enumerate(path):
            last = at == len(path) - 1
            found = inside.setdefault(name, path[: at + 1] if last else {})
            if isinstance(found, tuple):
                break
            inside = found
    return done
