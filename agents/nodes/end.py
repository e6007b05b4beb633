"""`end`: the app's result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runtime.base.errors import Json

from ..context import Context
from ..graph import CompiledNode
from ..manifest import Manifest, Port, Surface
from ..scope import NodeView
from ..types import OptionalOf
from .base import NodeType, Outcome

__all__ = ["End"]


class End(NodeType):
    """Finishes the run; its inputs are the app's outputs."""

    manifest: ClassVar = Manifest(
        type="end", group="output", en="Ends the run with the app's outputs.", zh="以应用的输出结束运行。"
    )

    def surface(self, view: NodeView) -> Surface:
        """Take the app's outputs; those that are `optional<…>` may be left out."""
        outputs = view.scope.outputs
        return Surface(
            inputs={name: Port(type=kind, required=not isinstance(kind, OptionalOf)) for name, kind in outputs.items()}
        )

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Hand the inputs on; the host makes them the run's outputs."""
        return Outcome(outputs=dict(inputs))
