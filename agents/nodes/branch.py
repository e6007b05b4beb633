"""`branch`: the first case that holds decides which way the graph goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from runtime.base.errors import Json

from ..context import Context
from ..expressions import bare
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Site, Surface
from ..scope import NodeView
from ..types import BOOLEAN, STRING
from .base import NodeType, Outcome

__all__ = ["Branch", "BranchConfig"]


class BranchConfig(Config):
    """Keys of a `branch` node: conditions by case name, tried in order."""

    cases: Annotated[dict[str, str], Field(min_length=1)]


class Branch(NodeType):
    """Chooses one case; `else` when none holds."""

    manifest: ClassVar = Manifest(
        type="branch",
        group="control",
        en="Goes the way of the first case whose condition is true, or else.",
        zh="沿第一个条件为真的分支前进，否则走 else。",
        config=BranchConfig,
        accepts=frozenset({"on_error"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Offer one handle a case, and `else`."""
        handles = (*view.config_as(BranchConfig).cases, "else")
        return Surface(outputs={"case": Port(type=STRING)}, handles=handles)

    def sites(self, view: NodeView) -> Iterable[Site]:
        """Each case holds a boolean."""
        for name, text in view.config_as(BranchConfig).cases.items():
            yield Site(key=f"/cases/{name}", binding=bare(text), expects=BOOLEAN)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Evaluate the cases in order."""
        for name in node.config_as(BranchConfig).cases:
            if ctx.evaluate(node.sites[f"/cases/{name}"]) is True:
                return Outcome(outputs={"case": name}, handle=name)
        return Outcome(outputs={"case": "else"}, handle="else")
