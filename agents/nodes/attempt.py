"""`try`: a graph whose failure is a way to go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runtime.base.errors import Json

from ..context import Context
from ..graph import CompiledNode
from ..manifest import Manifest, Port, Surface
from ..scope import NodeView
from ..types import Type
from .base import Outcome
from .container import OUT, Container, ContainerConfig, given

__all__ = ["Try"]


class Try(Container):
    """Runs the body once; what it gives leaves by `ok`, a failure of any node in it by `error`."""

    manifest: ClassVar = Manifest(
        type="try",
        group="control",
        en="Runs its body; goes the way of ok, or of error when a node in it fails.",
        zh="运行其内部的图；正常时走 ok，其中任一节点失败时走 error。",
        config=ContainerConfig,
        accepts=frozenset({"timeout", "budget"}),
    )
    fails_over: ClassVar = True
    taken: ClassVar = frozenset({"error"})

    def surface(self, view: NodeView) -> Surface:
        """Offer the values of `out`; the compiler adds the port and the handle of the failure."""
        return Surface(outputs=self.outputs(view, {}))

    def names(self, view: NodeView) -> tuple[str, ...]:
        """Know nothing beside the nodes."""
        return ()

    def items(self, view: NodeView, types: Mapping[str, Type]) -> Mapping[str, Type]:
        """Know nothing beside the nodes."""
        return {}

    def outputs(self, view: NodeView, types: Mapping[str, Type]) -> Mapping[str, Port]:
        """Type the values by `out`."""
        return {name: Port(type=kind) for name, kind in given(self.body(view), types).items()}

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Run the body once."""
        found = (await ctx.once({}, name=".")).value
        return Outcome(outputs={key.removeprefix(OUT): value for key, value in found.items()}, handle="ok")
