"""`list_op`: what expressions lack for lists: sort, group, unique, flatten, top."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from runtime.base.errors import Json
from runtime.base.ids import canonical_json

from ..context import Context
from ..diagnostics import Diagnostic, Phrase, diagnose, hint
from ..errors import NodeError
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..types import (
    BOOLEAN,
    DURATION,
    INTEGER,
    JSON,
    NUMBER,
    STRING,
    TIMESTAMP,
    EnumOf,
    ListOf,
    OptionalOf,
    Record,
    Type,
    parse_duration,
    parse_timestamp,
)
from .base import NodeType, Outcome

__all__ = ["ListOp", "ListOpConfig"]

Op: TypeAlias = Literal["sort", "group", "unique", "flatten", "top"]
Ordered: TypeAlias = float | str

SCALARS = (STRING, INTEGER, NUMBER, BOOLEAN, TIMESTAMP, DURATION, JSON)
TAKES: Mapping[Op, frozenset[str]] = {
    "sort": frozenset({"by", "desc"}),
    "top": frozenset({"by", "desc", "k"}),
    "group": frozenset({"by"}),
    "unique": frozenset({"by"}),
    "flatten": frozenset(),
}


class ListOpConfig(Config):
    """Keys of a `list_op` node.

    `by` is the field of an item that decides, as a dotted path; without it, the item itself does. `top` takes the `k`
    greatest, with `desc: false` the least; `sort` puts the least first, with `desc: true` the greatest.
    """

    op: Op
    by: str | None = None
    desc: bool | None = None
    k: Annotated[int, Field(ge=1)] | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The steps of `by`."""
        return tuple(self.by.split(".")) if self.by else ()

    @property
    def descending(self) -> bool:
        """Whether the greatest comes first."""
        return self.desc if self.desc is not None else self.op == "top"


class ListOp(NodeType):
    """One operation on one list; the items keep their type and, where they are equal, their order."""

    manifest: ClassVar = Manifest(
        type="list_op",
        group="data",
        en="Sorts, groups, thins out, flattens or cuts a list.",
        zh="对列表排序、分组、去重、展平或截取。",
        config=ListOpConfig,
        accepts=frozenset({"on_error"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take a list of anything; give groups, or the items."""
        config = view.config_as(ListOpConfig)
        name = "groups" if config.op == "group" else "items"
        return Surface(inputs={"list": Port(type=ListOf(JSON), generic=True)}, outputs={name: Port(type=ListOf(JSON))})

    def outputs(self, view: NodeView, types: Mapping[str, Type]) -> Mapping[str, Port]:
        """Type the result by the list that comes in."""
        config = view.config_as(ListOpConfig)
        item = _item(types.get("/in/list"))
        if config.op == "group":
            found = _field(item, config.path)
            key = found.inner if isinstance(found, OptionalOf) else found
            group = Record("", {"key": OptionalOf(key or JSON), "items": ListOf(item)})
            return {"groups": Port(type=ListOf(group))}
        return {"items": Port(type=ListOf(_item(item) if config.op == "flatten" else item))}

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """The keys fit the operation, and `by` leads to something that can be compared."""
        config = view.config_as(ListOpConfig)
        given = {name for name in ("by", "desc", "k") if getattr(config, name) is not None}
        for name in sorted(given - TAKES[config.op]):
            problem = Phrase(f"{config.op} takes no {name!r}", f"{config.op} 不接受 {name!r}")
            yield diagnose("BG105", f"{view.pointer}/{name}", node=view.id, where=view.id, problem=problem)
        for name, op in (("k", "top"), ("by", "group")):
            if config.op == op and name not in given:
                yield diagnose("BG104", view.pointer, node=view.id, where=view.id, key=name)
        item = _item(view.inputs.get("list"))
        if config.op == "flatten":
            if not isinstance(item, ListOf) and item != JSON:
                problem = Phrase(f"its items are {item}, not lists", f"其元素是 {item}，不是列表")
                yield diagnose("BG105", f"{view.pointer}/in/list", node=view.id, where=view.id, problem=problem)
            return
        yield from _check_by(view, config, item)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Do the operation."""
        config = node.config_as(ListOpConfig)
        items = inputs["list"]
        if not isinstance(items, list):
            raise NodeError("The input is no list.", where=ctx.path)
        if config.op == "flatten":
            return Outcome(outputs={"items": _flat(items, ctx.path)})
        kind = _field(_item(node.ports["list"]), config.path) or JSON
        key = _Key(config.path, kind, ctx.path)
        if config.op == "group":
            return Outcome(outputs={"groups": _groups(items, key)})
        if config.op == "unique":
            return Outcome(outputs={"items": [group[0] for group in _by_key(items, key.text).values()]})
        ordered = _sorted(items, key, descending=config.descending)
        return Outcome(outputs={"items": ordered[: config.k] if config.op == "top" else ordered})


@dataclass(frozen=True, slots=True)
class _Key:
    """Reads what decides about an item."""

    path: tuple[str, ...]
    kind: Type
    where: str

    def value(self, item: Json) -> Json:
        for step in self.path:
            item = item.get(step) if isinstance(item, dict) else None
        return item

    def text(self, item: Json) -> str:
        return canonical_json(self.value(item))

    def order(self, item: Json) -> Ordered:
        """Return what stands for a value that is there in the order."""
        value = self.value(item)
        kind = self.kind.inner if isinstance(self.kind, OptionalOf) else self.kind
        if isinstance(value, str):
            if kind == TIMESTAMP:
                return parse_timestamp(value).timestamp()
            return parse_duration(value).total_seconds() if kind == DURATION else value
        if isinstance(value, int | float):
            return value
        by = f" by {'.'.join(self.path)!r}" if self.path else ""
        raise NodeError(
            f"The items cannot be ordered{by}: {canonical_json(value)[:80]} is no single value.", where=self.where
        )


def _sorted(items: Sequence[Json], key: _Key, *, descending: bool) -> list[Json]:
    """Order the items; those without a value come last either way, and equal ones keep their order."""
    there = [item for item in items if key.value(item) is not None]
    try:
        ordered = sorted(there, key=key.order, reverse=descending)
    except TypeError as error:
        raise NodeError("The items cannot be ordered: some are text and some are numbers.", where=key.where) from error
    return [*ordered, *(item for item in items if key.value(item) is None)]


def _groups(items: Sequence[Json], key: _Key) -> list[Json]:
    groups: list[Json] = []
    for members in _by_key(items, key.text).values():
        value = key.value(members[0])
        found: dict[str, Json] = {"items": members}
        groups.append(found if value is None else {"key": value, **found})
    return groups


def _by_key(items: Sequence[Json], key: Callable[[Json], str]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def _flat(items: Sequence[Json], where: str) -> list[Json]:
    flat: list[Json] = []
    for at, item in enumerate(items):
        if not isinstance(item, list):
            raise NodeError(f"The element {at} of the list is no list.", where=where)
        flat.extend(item)
    return flat


def _item(kind: Type | None) -> Type:
    return kind.item if isinstance(kind, ListOf) else JSON


def _field(kind: Type, path: Sequence[str]) -> Type | None:
    """Return the type at a path below an item, optional when a step on the way is; None where there is none."""
    maybe = False
    for step in path:
        if isinstance(kind, OptionalOf):
            kind, maybe = kind.inner, True
        if kind == JSON:
            return JSON
        if not isinstance(kind, Record) or step not in kind.fields:
            return None
        kind = kind.fields[step]
    return OptionalOf(kind) if maybe and not isinstance(kind, OptionalOf) else kind


def _check_by(view: NodeView, config: ListOpConfig, item: Type) -> Iterator[Diagnostic]:
    path = f"{view.pointer}/by" if config.by else view.pointer
    found = _field(item, config.path)
    if found is None:
        known = item.fields if isinstance(item, Record) else ()
        problem = Phrase(f"the items ({item}) have no field {config.by!r}", f"元素（{item}）没有字段 {config.by!r}")
        near = hint(config.by or "", known) if known else Phrase("", "")
        said = Phrase(problem.en + near.en.rstrip("."), problem.zh + near.zh.rstrip("。"))
        yield diagnose("BG105", path, node=view.id, where=view.id, problem=said)
        return
    kind = found.inner if isinstance(found, OptionalOf) else found
    if config.op in ("sort", "top", "group") and kind not in SCALARS and not isinstance(kind, EnumOf):
        problem = Phrase(
            f"{config.op} needs single values, but what decides is {kind}; name a field with by",
            f"{config.op} 需要单一的值，但用于判断的是 {kind}；请用 by 指明字段",
        )
        yield diagnose("BG105", path, node=view.id, where=view.id, problem=problem)
