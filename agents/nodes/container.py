"""Containers: nodes that hold a graph of their own and run it any number of times."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from ..diagnostics import Diagnostic
from ..expressions import parse_value
from ..manifest import Config, Site
from ..scope import NodeView
from ..spec.document import Id, NodeSpec
from ..types import JSON, Record, Type
from .base import NodeType

__all__ = ["OUT", "Body", "Container", "ContainerConfig", "given", "record_of"]

OUT = "/body/out/"
"""Where the values that leave a body stand, below their container."""


class Body(Config):
    """The graph inside a container, and the values that leave it."""

    nodes: dict[Id, NodeSpec]
    edges: list[tuple[str, str]] = []
    out: dict[Id, Any] = {}


class ContainerConfig(Config):
    """Keys that every container has."""

    body: Body


class Container(NodeType):
    """A node type that runs a body.

    `sites` and `in` belong to the graph around the container; `inner_sites` to its body, where the names of `names`
    are known as well. From outside, only the container's own ports can be read.
    """

    repeats: ClassVar[bool] = False
    """Whether one pass through the body sees what the pass before it gave."""

    parallel: ClassVar[bool] = False
    """Whether passes through the body run side by side."""

    fails_over: ClassVar[bool] = False
    """Whether a failure inside always takes the handle `error`."""

    shadows: ClassVar[bool] = False
    """Whether its names may hide those of a container of its kind around it."""

    taken: ClassVar[frozenset[str]] = frozenset()
    """Ports that every node of the type has, so that no value of `out` can have their names."""

    def body(self, view: NodeView) -> Body:
        """Return the graph inside."""
        return view.config_as(ContainerConfig).body

    @abstractmethod
    def names(self, view: NodeView) -> tuple[str, ...]:
        """Return the names that the body knows beside its nodes, such as the item of a `map`."""

    @abstractmethod
    def items(self, view: NodeView, types: Mapping[str, Type]) -> Mapping[str, Type]:
        """Return the types of `names`, given those of the `sites` by key."""

    def tells(self, view: NodeView) -> bool:
        """Whether its ports may hold the message of a failure inside it, where it goes on after one."""
        return self.fails_over

    def unlimited(self, view: NodeView) -> bool:
        """Whether the node's author has not said how often its body runs at most."""
        return False

    def check_body(self, view: NodeView, names: Mapping[str, Type], left: Mapping[str, Type]) -> Iterator[Diagnostic]:
        """Yield findings about what leaves the body, once it is typed.

        Args:
            view: The container.
            names: Types of the names that the body knows beside its nodes.
            left: Types of what leaves it, by key.
        """
        return iter(())

    def inner_sites(self, view: NodeView) -> Iterable[Site]:
        """Return the places that hold expressions over the body's values."""
        for name, value in self.body(view).out.items():
            yield Site(key=f"{OUT}{name}", binding=parse_value(value))


def given(body: Body, types: Mapping[str, Type]) -> dict[str, Type]:
    """Return the types of the values that leave a body, by name."""
    return {name: types.get(f"{OUT}{name}", JSON) for name in body.out}


def record_of(view: NodeView, body: Body, types: Mapping[str, Type]) -> Record:
    """Return the record of the values that leave a body."""
    return Record(f"{view.id}_out", given(body, types))
