"""What an expression reads, and which of it must be there.

A read is *optional* when the expression copes with its absence: `plan.?answer`, `has(plan.answer)`, or a read in a
branch that a `has` of the same path guards. What stands before the first `.?` is still required: `plan.data.?note`
requires `plan.data`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple, TypeAlias

from .parser import NAMESPACES, TYPES, parse, simple_path
from .syntax import Call, Const, Ident, Loop, Node, Select, Tree, children

__all__ = ["Reference", "plain_reads", "reads", "references"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A read of the value of `root`, through named fields up to the first index or call.

    `optional` holds when every read of this path copes with its absence; `offset` is the place of the first one.
    """

    root: str
    path: tuple[str, ...]
    optional: bool = False
    offset: int = field(default=0, compare=False)


_Path: TypeAlias = tuple[str, ...]


@lru_cache(maxsize=4096)
def references(source: str) -> tuple[Reference, ...]:
    """Return what an expression reads, in the order of its text.

    Raises:
        CheckProblem: Of kind `syntax` or `cost`.
    """
    path = simple_path(source)
    if path:
        return (Reference(path[0], tuple(path[1:])),)
    found: dict[tuple[str, _Path], Reference] = {}
    for read in sorted(_reads(parse(source)), key=lambda one: one.offset):
        known = found.get((read.root, read.path))
        optional = read.optional and (known is None or known.optional)
        offset = read.offset if known is None else known.offset
        found[read.root, read.path] = Reference(read.root, read.path, optional, offset)
    return tuple(found.values())


def reads(node: Node) -> frozenset[tuple[str, ...]]:
    """Return every path that a node reads, each with its root as the first name."""
    return frozenset((read.root, *read.path) for read in _reads(Tree(node, {}, {})))


def plain_reads(tree: Tree) -> dict[int, tuple[str, _Path]]:
    """Return, by its place in the text, every root that is named, with the fields that are read from it for certain."""
    return {read.offset: (read.root, read.plain) for read in _reads(tree)}


class _Read(NamedTuple):
    root: str
    path: _Path
    optional: bool
    offset: int
    plain: _Path


class _Step(NamedTuple):
    """One step from a root towards the value that is read: a field, or (without a name) an index."""

    name: str | None
    optional: bool


class _Scope(NamedTuple):
    """Names that loops bind, and paths that are known to be there."""

    bound: frozenset[str]
    present: frozenset[tuple[str, _Path]]

    def binding(self, *names: str) -> _Scope:
        return _Scope(self.bound.union(names), self.present)

    def knowing(self, present: frozenset[tuple[str, _Path]]) -> _Scope:
        return _Scope(self.bound, self.present | present) if present else self


def _reads(tree: Tree) -> list[_Read]:
    reader = _Reader(tree)
    return list(reader.read(tree.root, _Scope(frozenset(), frozenset())))


class _Reader:
    def __init__(self, tree: Tree) -> None:
        self._places = tree.places

    def read(self, node: Node, scope: _Scope) -> Iterator[_Read]:
        """Yield what a node reads."""
        match node:
            case Ident() | Select() | Call(function="_?._" | "_[_]" | "_[?_]"):
                yield from self._chain(node, scope)
            case Call(function="_?_:_", args=[condition, then, other]):
                yield from self.read(condition, scope)
                yield from self.read(then, scope.knowing(self._facts(condition, scope, holds=True)))
                yield from self.read(other, scope.knowing(self._facts(condition, scope, holds=False)))
            case Call(function="_&&_" | "_||_", args=[left, right]):
                holds = node.function == "_&&_"
                # Both operators absorb an error of one side when the other decides, so each side guards the other.
                yield from self.read(left, scope.knowing(self._facts(right, scope, holds=holds)))
                yield from self.read(right, scope.knowing(self._facts(left, scope, holds=holds)))
            case Loop():
                yield from self._loop(node, scope)
            case Call(target=Ident(name=name), args=args) if name in NAMESPACES and name not in scope.bound:
                yield from self._all(args, scope)
            case _:
                yield from self._all(children(node), scope)

    def _all(self, nodes: list[Node], scope: _Scope) -> Iterator[_Read]:
        for node in nodes:
            yield from self.read(node, scope)

    def _loop(self, node: Loop, scope: _Scope) -> Iterator[_Read]:
        yield from self._all([node.range, node.init], scope)
        yield from self._all([node.condition, node.step], scope.binding(node.name, node.accu))
        yield from self.read(node.result, scope.binding(node.accu))

    def _chain(self, node: Node, scope: _Scope) -> Iterator[_Read]:
        base, steps, indexes = _unwind(node)
        yield from self._all(indexes, scope)
        if not isinstance(base, Ident):
            yield from self.read(base, scope)
            return
        name = base.name.removeprefix(".")
        if name in TYPES or (name in scope.bound and name == base.name):
            return
        offset, plain = self._places.get(base.id, 0), _plain(steps)
        for path, optional in _paths(steps):
            guarded = any(root == name and path[: len(known)] == known for root, known in scope.present)
            yield _Read(name, path, optional or guarded, offset, plain)

    def _facts(self, node: Node, scope: _Scope, *, holds: bool) -> frozenset[tuple[str, _Path]]:
        """Return the paths that are there when a condition holds, or does not."""
        match node:
            case Select(test=True) if holds:
                return self._fact(node, scope)
            case Call(function="hasValue", target=Call(function="_?._") as target) if holds:
                return self._fact(target, scope)
            case Call(function="!_", args=[operand]):
                return self._facts(operand, scope, holds=not holds)
            case Call(function="_&&_", args=[left, right]) if holds:
                return self._facts(left, scope, holds=True) | self._facts(right, scope, holds=True)
            case Call(function="_||_", args=[left, right]) if not holds:
                return self._facts(left, scope, holds=False) | self._facts(right, scope, holds=False)
            case _:
                return frozenset()

    def _fact(self, node: Node, scope: _Scope) -> frozenset[tuple[str, _Path]]:
        base, steps, _ = _unwind(node)
        names = tuple(step.name for step in steps if step.name is not None)
        if not isinstance(base, Ident) or base.name in scope.bound or len(names) < len(steps):
            return frozenset()
        return frozenset({(base.name.removeprefix("."), names)})


def _unwind(node: Node) -> tuple[Node, list[_Step], list[Node]]:
    """Return the node that a chain of reads begins with, its steps in reading order, and the indexes among them."""
    steps: list[_Step] = []
    indexes: list[Node] = []
    while True:
        match node:
            case Select(operand=operand, field=field, test=test):
                steps.append(_Step(field, test))
            case Call(function="_?._", args=[operand, Const(value=str(name))]):
                steps.append(_Step(name, True))
            case Call(function="_[_]" | "_[?_]", args=[operand, index]):
                steps.append(_Step(None, node.function == "_[?_]"))
                indexes.append(index)
            case _:
                return node, steps[::-1], indexes[::-1]
        node = operand


def _plain(steps: list[_Step]) -> _Path:
    return tuple(step.name or "" for step in takewhile(lambda step: step.name is not None and not step.optional, steps))


def _paths(steps: list[_Step]) -> Iterator[tuple[_Path, bool]]:
    """Yield the path that is read and whether it is read optionally, and before it the prefix that is required."""
    names: list[str] = []
    optional = False
    for step in steps:
        if step.name is None:
            break
        if step.optional and not optional:
            optional = True
            if names:
                yield tuple(names), False
        names.append(step.name)
    yield tuple(names), optional
