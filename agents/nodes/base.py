"""What a node type is: a manifest, the checks of its own, and a body.

Adding a node type is adding one module with one `NodeType` and its entry point in the group `baigong.nodes`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from runtime.base.errors import Json
from runtime.base.labels import Label

from ..context import Context
from ..diagnostics import Diagnostic
from ..graph import Act, CompiledNode
from ..manifest import Manifest, Port, Site, Surface
from ..scope import NodeView
from ..types import Type

__all__ = ["NodeType", "Outcome"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a node's body returns: its outputs and, where it has handles, the one it chose."""

    outputs: Mapping[str, Json] = field(default_factory=dict[str, Json])
    handle: str | None = None


class NodeType(ABC):
    """One node type. Instances hold no state: the same object serves every node of its type."""

    manifest: ClassVar[Manifest]

    def surface(self, view: NodeView) -> Surface:
        """Return the ports and handles that follow from the configuration alone."""
        return Surface()

    def sites(self, view: NodeView) -> Iterable[Site]:
        """Return the places in the configuration that hold expressions."""
        return ()

    def outputs(self, view: NodeView, types: Mapping[str, Type]) -> Mapping[str, Port]:
        """Return the outputs, given the types of the `sites` by key; by default those of `surface`."""
        return self.surface(view).outputs

    def acts(self, view: NodeView) -> Iterable[Act]:
        """Return the tools that the node may call."""
        return ()

    def brings(self, view: NodeView) -> Iterable[tuple[str, Label]]:
        """Return what the node brings in beside the results of tools, by name, with its label."""
        return ()

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """Yield findings of the type's own, once ports and references are sound."""
        return iter(())

    @abstractmethod
    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Do the node's work.

        Args:
            ctx: The only way to the world: models, tools, retrieval, state, people.
            node: The compiled node.
            inputs: Values of its `in`, checked against the ports.

        Raises:
            BaigongError: The node failed; the host's wrapper applies `on_error` and `retry`.
        """
