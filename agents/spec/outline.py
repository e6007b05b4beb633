"""The known keys of every level of `app.yaml`, in canonical order, derived from the models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .document import Document, NodeSpec, Requires
from .pointer import split

__all__ = ["DOCUMENT", "NODE_KEYS", "Outline", "outline_of"]


@dataclass(slots=True, eq=False)
class Outline:
    """What is known of one mapping or list.

    Args:
        keys: Known keys in canonical order.
        lead: How many of them stand before the keys that are not known here; by default all.
        children: Outlines below known keys.
        items: Outline of every other value.
        block: Whether the mapping is always written one key a line.
    """

    keys: tuple[str, ...] = ()
    lead: int | None = None
    children: dict[str, Outline] = field(default_factory=dict[str, "Outline"])
    items: Outline | None = None
    block: bool = False

    def step(self, key: str | int) -> Outline:
        """Return the outline of the value of `key`."""
        return self.children.get(str(key)) or self.items or NOTHING

    def at(self, pointer: str) -> Outline:
        """Return the outline that a pointer from here leads to."""
        here = self
        for key in split(pointer):
            here = here.step(key)
        return here

    def order(self, names: Iterable[str]) -> list[str]:
        """Return names in canonical order; those that are not known keep their own order among themselves."""
        given = list(names)
        known = [key for key in self.keys if key in given]
        cut = sum(key in given for key in self.keys[: self.lead])
        return known[:cut] + [name for name in given if name not in self.keys] + known[cut:]


NOTHING = Outline()
NODE_KEYS = ("type", "label", "in", "on_error", "default", "retry", "timeout", "budget", "cache")
"""The keys that every node type shares; a type's own keys stand after `label`."""

BLOCK = (Document, Requires)


@cache
def outline_of(model: type[BaseModel]) -> Outline:
    """Return the outline of a model: its fields' keys in their order, and the models below them."""
    fields = {info.alias or name: info for name, info in model.model_fields.items()}
    below = {key: _below(info) for key, info in fields.items()}
    children = {key: outline for key, outline in below.items() if outline}
    return Outline(tuple(fields), children=children, block=model in BLOCK)


def _below(info: FieldInfo) -> Outline | None:
    return _outline(info.annotation)


def _outline(annotation: Any) -> Outline | None:  # noqa: ANN401 - annotations have no common type
    """Return what an annotation says of its value's keys, if anything."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _outline(arguments[0])
    if origin in (Union, UnionType):
        return next(filter(None, map(_outline, arguments)), None)
    if origin in (dict, list):
        items = _outline(arguments[-1])
        return Outline(items=items, block=arguments[-1] is NodeSpec) if items else None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _node() if annotation is NodeSpec else outline_of(annotation)
    return None


@cache
def _node() -> Outline:
    """Return the outline of a node; a container's body holds nodes again."""
    known = outline_of(NodeSpec)
    node = Outline(NODE_KEYS, 2, dict(known.children))
    nodes = Outline(items=node, block=True)
    node.children["body"] = Outline(("nodes", "edges", "out"), children={"nodes": nodes})
    return node


DOCUMENT = outline_of(Document)
"""The outline of a whole `app.yaml`."""
