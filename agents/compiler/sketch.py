"""What an editor shows of an app, whole or not: each node's typed ports, its exits, and the wires between ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.base.errors import Json

from ..expressions import Reference
from ..manifest import Port
from ..types import Type, describe
from .draft import Draft, Node

__all__ = ["NodeSketch", "Sketch", "sketch"]


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeSketch:
    """One node as far as it could be read.

    Args:
        inputs: Its inputs by name.
        outputs: Its outputs by name.
        handles: Its exits; empty where it has one.
        takes_more: Whether it takes inputs of any further names.
        wires: What its places (`/in/query`, `/cases/hot`) read, in the order of the text; those of a container's body
            stand below `/body/`.
        body: The graph inside a container.
    """

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    handles: tuple[str, ...]
    takes_more: bool
    wires: tuple[tuple[str, Reference], ...]
    body: Sketch | None = None

    def to_json(self) -> dict[str, Json]:
        """Return the node as HTTP shows it; a type is described by `describe`."""
        shown: dict[str, Json] = {} if self.body is None else {"body": self.body.to_json()}
        return {
            **shown,
            "inputs": {
                name: {"type": str(port.type), "shape": describe(port.type), "required": port.required}
                for name, port in self.inputs.items()
            },
            "outputs": {
                name: {"type": str(port.type), "shape": describe(port.type), "streaming": port.streaming}
                for name, port in self.outputs.items()
            },
            "handles": [*self.handles],
            "takes_more": self.takes_more,
            "wires": [
                {"at": place, "from": one.root, "path": [*one.path], "optional": one.optional}
                for place, one in self.wires
            ],
        }


@dataclass(frozen=True, slots=True)
class Sketch:
    """An app's inputs and nodes; a node whose own keys are wrong is not among them.

    In a container's body, `inputs` are the names that the container adds.
    """

    inputs: Mapping[str, Type] = field(default_factory=dict[str, Type])
    nodes: Mapping[str, NodeSketch] = field(default_factory=dict[str, NodeSketch])

    def to_json(self) -> dict[str, Json]:
        """Return `{inputs, nodes}` as HTTP shows it."""
        return {
            "inputs": {name: {"type": str(kind), "shape": describe(kind)} for name, kind in self.inputs.items()},
            "nodes": {name: node.to_json() for name, node in self.nodes.items()},
        }


def sketch(draft: Draft) -> Sketch:
    """Return what is known of the app under compilation."""
    inputs = {name: port.type for name, port in draft.inputs.items()}
    return Sketch(inputs, {name: _node(node) for name, node in draft.nodes.items()})


def _body(draft: Draft) -> Sketch:
    return Sketch(draft.names, {name: _node(node) for name, node in draft.nodes.items()})


def _node(node: Node) -> NodeSketch:
    declared = node.surface.inputs
    free = {name: Port(type=kind, required=False) for name, kind in node.ports.items() if name not in declared}
    return NodeSketch(
        inputs={**declared, **free},
        outputs=node.outputs or node.surface.outputs,
        handles=node.exits,
        takes_more=node.surface.open,
        wires=tuple((wire.key, wire.reference) for wire in node.wires),
        body=_body(node.body) if node.body is not None else None,
    )
