"""The app while it is being compiled: what each phase has found out, and the findings so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..diagnostics import Diagnostic, Fix, diagnose
from ..expressions import Binding, Reference
from ..graph import Edge, InputPort, Need
from ..manifest import Port, Surface
from ..nodes import NodeType
from ..scope import NodeView, Scope
from ..types import Type
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
    """A reference from a place of a node."""

    key: str
    reference: Reference


@dataclass(kw_only=True, slots=True)
class Node:
    """What is known of one node; later phases fill the later fields."""

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
    needs: list[Need] = field(default_factory=list[Need])

    @property
    def id(self) -> str:
        """The node's id."""
        return self.view.id

    @property
    def fails_over(self) -> bool:
        """Whether a failure takes the handle `error`."""
        return self.view.spec.on_error == "branch"

    @property
    def exits(self) -> tuple[str, ...]:
        """Every handle that an edge may leave by; empty where there is one exit."""
        if not self.fails_over:
            return self.surface.handles
        return (*self.surface.handles, "error") if self.surface.handles else ("ok", "error")


@dataclass(kw_only=True, slots=True)
class Draft:
    """The whole app under compilation."""

    scope: Scope
    inputs: Mapping[str, InputPort]
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
        """Add a finding from the catalogue; see `diagnose`."""
        self.diagnostics.append(diagnose(code, path, {**(names or {}), **more}, node=node, fix=fix))

    @property
    def sound(self) -> bool:
        """Whether there is no error so far."""
        return all(finding.severity != "error" for finding in self.diagnostics)
