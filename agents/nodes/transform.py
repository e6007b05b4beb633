"""`transform`: new values out of old ones, by expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from runtime.base.errors import Json

from ..context import Context
from ..expressions import parse_value
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Site, Surface
from ..scope import NodeView
from ..types import JSON, Type
from .base import NodeType, Outcome

__all__ = ["Transform", "TransformConfig"]


class TransformConfig(Config):
    """Keys of a `transform` node: its output ports and their values."""

    out: Annotated[dict[str, Any], Field(min_length=1)]


class Transform(NodeType):
    """Gives one port an entry of `out`, typed by its expression."""

    manifest: ClassVar = Manifest(
        type="transform",
        group="data",
        en="Computes values with expressions.",
        zh="用表达式计算新的值。",
        config=TransformConfig,
        accepts=frozenset({"on_error"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Offer the ports that `out` names."""
        return Surface(outputs={name: Port(type=JSON) for name in view.config_as(TransformConfig).out})

    def sites(self, view: NodeView) -> Iterable[Site]:
        """Each entry of `out` is a value."""
        for name, value in view.config_as(TransformConfig).out.items():
            yield Site(key=f"/out/{name}", binding=parse_value(value))

    def outputs(self, view: NodeView, types: Mapping[str, Type]) -> Mapping[str, Port]:
        """Type each port by its expression."""
        return {name: Port(type=types.get(f"/out/{name}", JSON)) for name in view.config_as(TransformConfig).out}

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Evaluate every entry."""
        names = node.config_as(TransformConfig).out
        return Outcome(outputs={name: ctx.evaluate(node.sites[f"/out/{name}"]) for name in names})
