"""The language's type of a checked expression.

The library's checker decides whether an expression works. Its types are coarser than ours (no enums, unions, exact
records in maps, nested lists), so the type of the result is found again along the tree, and the library's own type
serves where nothing more exact is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import NamedTuple

from ..types import (
    BOOLEAN,
    DURATION,
    FILE,
    FILE_FIELDS,
    IMAGE,
    INTEGER,
    JSON,
    NEVER,
    NUMBER,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Type,
    UnionOf,
    join,
)
from .descriptors import Proto
from .messages import Messages
from .syntax import Call, Const, Fields, Ident, Items, Loop, Node, Select, Tree, children, walk

__all__ = ["field_of", "infer", "unusable"]

_PRIMITIVES: Mapping[int, Type] = {1: BOOLEAN, 2: INTEGER, 4: NUMBER, 5: STRING}
_WELL_KNOWN: Mapping[int, Type] = {1: JSON, 2: TIMESTAMP, 3: DURATION}
_NULL = OptionalOf(NEVER)
_OPTIONAL = "optional_type"


def infer(tree: Tree, messages: Messages) -> Type:
    """Return the type of a checked tree's root."""
    return _Inference(tree.types, messages).of(tree.root, {})


class Unusable(NamedTuple):
    """Why a result cannot leave its expression: it is `optional`, or it is `what`, which the language does not have."""

    what: str
    place: int


def unusable(tree: Tree) -> Unusable | None:
    """Return what is wrong with a checked tree's result, and where; None for a result that can leave."""
    for node in walk(tree.root):
        for part in _kept(node):
            kind = tree.types.get(part.id)
            if kind is not None and kind.WhichOneof("kind") == "abstract_type":
                return Unusable("optional", tree.places.get(part.id, 0))
    what = _unusable(tree.types.get(tree.root.id))
    return Unusable(what, tree.places.get(tree.root.id, 0)) if what else None


def _kept(node: Node) -> list[Node]:
    """Return the nodes whose values a node puts into its own, where the library's type no longer tells them."""
    match node:
        case Items(items=items, optional=optional):
            return [one for at, one in enumerate(items) if at not in optional]
        case Fields(entries=entries):
            return [entry.value for entry in entries if not entry.optional]
        case Call(function="dyn", args=args):
            return args
        case _:
            return []


def _unusable(kind: Proto) -> str:
    match kind and kind.WhichOneof("kind"):
        case "abstract_type":
            return "optional"
        case "type":
            return "a type"
        case "primitive":
            return {3: "an unsigned integer", 6: "bytes"}.get(kind.primitive, "")
        case "list_type":
            return _unusable(kind.list_type.elem_type)
        case "map_type":
            key = kind.map_type.key_type
            wrong = key.WhichOneof("kind") == "primitive" and key.primitive != 5
            return "a map whose keys are not strings" if wrong else _unusable(kind.map_type.value_type)
        case _:
            return ""


def field_of(kind: Type, name: str) -> Type | None:
    """Return what a read of a field gives: never optional, since a read of what is absent fails; None if unknown."""
    match _present(kind):
        case Record(fields=fields):
            found = fields.get(name)
            return None if found is None else _present(found)
        case MapOf(value):
            return value
        case UnionOf():
            return JSON
        case inner if inner in (FILE, IMAGE):
            return FILE_FIELDS.get(name)
        case inner:
            return JSON if inner == JSON else None


def _present(kind: Type) -> Type:
    return kind.inner if isinstance(kind, OptionalOf) else kind


_Names = Mapping[str, Type]


class _Inference:
    def __init__(self, types: Mapping[int, Proto], messages: Messages) -> None:
        self._types = types
        self._messages = messages

    def of(self, node: Node, names: _Names) -> Type:
        """Return the type of a node; an optional value of the library is an `OptionalOf`."""
        found = self._exact(node, names)
        stated = self._types.get(node.id)
        if found is None:
            return self._lift(stated)
        held = stated is not None and stated.WhichOneof("kind") == "abstract_type"
        return OptionalOf(_present(found)) if held else found

    def _exact(self, node: Node, names: _Names) -> Type | None:
        match node:
            case Ident(name=name):
                return names.get(name)
            case Const(kind="null"):
                return _NULL
            case Select(test=False):
                return self._select(node, names)
            case Call():
                return self._call(node, names)
            case Items(items=items, optional=optional):
                kinds = [self.of(one, names) for one in items]
                kinds = [_present(kind) if at in optional else kind for at, kind in enumerate(kinds)]
                return ListOf(reduce(join, kinds, NEVER))
            case Fields():
                return self._fields(node, names)
            case Loop():
                return self._loop(node, names)
            case _:
                return None

    def _select(self, node: Select, names: _Names) -> Type | None:
        if isinstance(node.operand, Fields) and (wrapped := self._messages.wrapped(node.operand.message)):
            return wrapped
        return field_of(self.of(node.operand, names), node.field)

    def _call(self, node: Call, names: _Names) -> Type | None:
        match node:
            case Call(function="_?._", args=[operand, Const(value=str(name))]):
                return field_of(self.of(operand, names), name)
            case Call(function="_[_]" | "_[?_]", args=[operand, index]):
                return self._index(self.of(operand, names), index)
            case Call(function="_?_:_", args=[condition, then, other]):
                return join(self._branch(condition, "_!=_", then, names), self._branch(condition, "_==_", other, names))
            case Call(function="_+_", args=[left, right]):
                return _sum(self.of(left, names), self.of(right, names))
            case Call(function="math.@max" | "math.@min", args=args):
                kinds = {self.of(one, names) for one in args}
                return NUMBER if kinds == {INTEGER, NUMBER} else None
            case Call(function="dyn", args=[Const(kind="null")]):
                return _NULL
            case Call(function="orValue", target=target, args=[other]) if target is not None:
                return join(_present(self.of(target, names)), self.of(other, names))
            case Call(function="value", target=target) if target is not None:
                return _present(self.of(target, names))
            case Call(function="optional.of", args=[value]):
                return self.of(value, names)
            case _:
                return None

    def _branch(self, condition: Node, test: str, branch: Node, names: _Names) -> Type:
        """Return the type of a branch; in `x != null ? x : …` it is that of `x` without null."""
        kind = self.of(branch, names)
        match condition:
            case Call(function=function, args=[tested, Const(kind="null")]) if function == test:
                return _present(kind) if _same(tested, branch) else kind
            case _:
                return kind

    def _index(self, kind: Type, index: Node) -> Type | None:
        inner = _present(kind)
        if isinstance(inner, ListOf):
            return inner.item
        if isinstance(index, Const) and isinstance(index.value, str):
            return field_of(inner, index.value)
        return inner.value if isinstance(inner, MapOf) else None

    def _fields(self, node: Fields, names: _Names) -> Type | None:
        if node.message:
            return self._messages.type_of(node.message)
        fields: dict[str, Type] = {}
        for entry in node.entries:
            if not isinstance(entry.key, Const) or not isinstance(entry.key.value, str):
                return None
            kind = self.of(entry.value, names)
            fields[entry.key.value] = OptionalOf(_present(kind)) if entry.optional else kind
        return Record("", fields) if fields else MapOf(NEVER)

    def _loop(self, node: Loop, names: _Names) -> Type | None:
        if node.binds:
            return self.of(node.result, {**names, node.accu: self.of(node.init, names)})
        step = node.step
        if isinstance(step, Call) and step.function == "_?_:_":
            step = step.args[1]
        match step:
            case Call(function="_+_", args=[Ident(), Items(items=[item])]):
                around = _item(self.of(node.range, names))
                return ListOf(self.of(item, {**names, node.name: around}))
            case _:
                return None

    def _lift(self, kind: Proto) -> Type:
        """Return the library's own type as ours; `json` for what has no counterpart."""
        match kind and kind.WhichOneof("kind"):
            case "primitive":
                return _PRIMITIVES.get(kind.primitive, JSON)
            case "wrapper":
                return OptionalOf(_PRIMITIVES.get(kind.wrapper, JSON))
            case "well_known":
                return _WELL_KNOWN.get(kind.well_known, JSON)
            case "list_type":
                return ListOf(self._lift(kind.list_type.elem_type))
            case "map_type":
                return MapOf(self._lift(kind.map_type.value_type))
            case "message_type":
                return self._messages.type_of(kind.message_type) or JSON
            case "abstract_type" if kind.abstract_type.name == _OPTIONAL:
                return OptionalOf(self._lift(kind.abstract_type.parameter_types[0]))
            case _:
                return JSON


def _sum(left: Type, right: Type) -> Type | None:
    if isinstance(left, ListOf) and isinstance(right, ListOf):
        return join(left, right)
    unknown = JSON in (left, right) and (isinstance(left, ListOf) or isinstance(right, ListOf))
    return ListOf(JSON) if unknown else None


def _same(one: Node, other: Node) -> bool:
    """Whether two nodes are written alike."""
    match one, other:
        case Ident(name=first), Ident(name=second):
            return first == second
        case Const(value=first), Const(value=second):
            return first == second
        case Select(field=first), Select(field=second):
            return first == second and _same(one.operand, other.operand)
        case Call(function=first), Call(function=second):
            ours, theirs = children(one), children(other)
            return first == second and len(ours) == len(theirs) and all(map(_same, ours, theirs))
        case Fields(message=first), Fields(message=second):
            return first == second != ""
        case _:
            return False


def _item(kind: Type) -> Type:
    """Return what a loop over a value of type `kind` binds: the items of a list, the keys of a map."""
    match _present(kind):
        case ListOf(item):
            return item
        case MapOf() | Record():
            return STRING
        case _:
            return JSON
