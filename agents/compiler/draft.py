"""The app while it is being compiled: what each phase has found out, and the findings so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..diagnostics import Diagnostic, Fix, diagnose
from ..expressions import Binding, Reference
from ..graph import Edge, InputPort, Need
from ..manifest import Port, Surface
from ..nodes import NodeType
from ..nodes.container import Container
from ..scope import NodeView, Scope
from ..spec import NodeSpec
from ..types import JSON, Record, Type
from .conditions import Condition, Conditions

__all__ = ["ROOTS", "Draft", "Node", "Place", "Wire"]

ROOTS = ("inputs", "state", "session", "run")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a binding stands: `key` below the node (`/in/query`), the port it feeds or None, the type it must have."""

    key: str
    binding: Binding
    port: str | None = None
    expects: Type | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """A reference from a place of a node; `inner` when the place belongs to a node of its body."""

    key: str
    reference: Reference
    inner: bool = False


@dataclass(kw_only=True, slots=True)
class Node:
    """What is known of one node; later phases fill the later fields.

    The places of a body's values form a node of their own, the body's `terminal`.
    """

    view: NodeView
    kind: NodeType
    surface: Surface
    places: list[Place] = field(default_factory=list[Place])
    wires: list[Wire] = field(default_factory=list[Wire])
    edges: list[Edge] = field(default_factory=list[Edge])
    predecessors: tuple[str, ...] = ()
    outputs: Mapping[str, Port] = field(default_factory=dict[str, Port])
    ports: dict[str, Type] = field(default_factory=dict[str, Type])
    inputs: dict[str, Binding] = field(default_factory=dict[str, Binding])
    sites: dict[str, Binding] = field(default_factory=dict[str, Binding])
    types: dict[str, Type] = field(default_factory=dict[str, Type])
    needs: list[Need] = field(default_factory=list[Need])
    arms: dict[str, list[Need]] = field(default_factory=dict[str, list[Need]])
    body: Draft | None = None

    @property
    def id(self) -> str:
        """The node's id."""
        return self.view.id

    @property
    def record(self) -> Type:
        """The type of all its ports together."""
        if self.surface.opaque:
            return JSON
        return Record(self.id, {name: port.type for name, port in self.outputs.items()})

    @property
    def fails_over(self) -> bool:
        """Whether a failure takes the handle `error`."""
        return self.view.spec.on_error == "branch" or (isinstance(self.kind, Container) and self.kind.fails_over)

    @property
    def exits(self) -> tuple[str, ...]:
        """Every handle that an edge may leave by; empty where there is one exit."""
        if not self.fails_over:
            return self.surface.handles
        return (*self.surface.handles, "error") if self.surface.handles else ("ok", "error")


@dataclass(kw_only=True, slots=True)
class Draft:
    """A graph under compilation: the app's own, or the body of a container.

    Args:
        scope: The app.
        inputs: The app's inputs.
        specs: The graph's nodes as they are written.
        links: Its edges as they are written.
        place: JSON Pointer of what holds `nodes` and `edges`.
        prefix: What stands before its nodes' ids in a node path.
        owner: The container, for a body.
        outer: The graph that the container stands in.
        names: Types of the names that a body knows beside its nodes; unknown until they are typed.
        terminal: The values that leave a body.
    """

    scope: Scope
    inputs: Mapping[str, InputPort]
    specs: Mapping[str, NodeSpec]
    links: Sequence[tuple[str, str]]
    place: str = ""
    prefix: str = ""
    owner: str | None = None
    outer: Draft | None = None
    names: dict[str, Type] = field(default_factory=dict[str, Type])
    terminal: Node | None = None
    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    opaque: set[str] = field(default_factory=set[str])
    order: list[str] = field(default_factory=list[str])
    conditions: Conditions = field(default_factory=Conditions)
    runs: dict[str, Condition] = field(default_factory=dict[str, Condition])
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def report(
        self,
        code: str,
        path: str,
        names: Mapping[str, object] | None = None,
        *,
        node: str | None = None,
        fix: Fix | None = None,
        **more: object,
    ) -> None:
        """Add a finding from the catalogue, about a node of this graph or its container; see `diagnose`."""
        around = self.outer if self.outer is not None and node == self.owner else self
        where = None if node is None else f"{around.prefix}{node}"
        self.diagnostics.append(diagnose(code, path, {**(names or {}), **more}, node=where, fix=fix))

    def every(self) -> Iterator[Draft]:
        """Yield this graph and every body in it, each after what is around it."""
        yield self
        for node in self.nodes.values():
            if node.body is not None:
                yield from node.body.every()

    def around(self) -> Iterator[Draft]:
        """Yield this graph and those around it, the nearest first."""
        draft: Draft | None = self
        while draft is not None:
            yield draft
            draft = draft.outer

    def sees(self, node: Node) -> Iterator[str]:
        """Yield the nodes that a node reads itself, in this graph or around it, and those that lead to it.

        What the nodes inside a container read is theirs.
        """
        for wire in node.wires:
            if not wire.inner and self.find(wire.reference.root) is not None:
                yield wire.reference.root
        yield from (edge.source for edge in node.edges)

    def find(self, name: str) -> Node | None:
        """Return the node that a name stands for in this graph's expressions; None where it stands for no node."""
        for draft in self.around():
            if name in draft.nodes:
                return draft.nodes[name]
            if name in draft.names:
                return None
        return None

    @property
    def sound(self) -> bool:
        """Whether there is no error so far."""
        return all(finding.severity != "error" for finding in self.diagnostics)
