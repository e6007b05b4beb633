"""`assert`: conditions that must hold, or the node fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from runtime.base.errors import Json

from ..context import Context
from ..errors import AssertionFailed
from ..expressions import bare
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Site
from ..scope import NodeView
from ..types import BOOLEAN
from .base import NodeType, Outcome

__all__ = ["Assert", "AssertConfig"]


class AssertConfig(Config):
    """Keys of an `assert` node: conditions by name."""

    conditions: Annotated[dict[str, str], Field(alias="assert", min_length=1)]


class Assert(NodeType):
    """Fails when a condition does not hold, and names every one that does not."""

    manifest: ClassVar = Manifest(
        type="assert",
        group="control",
        en="Fails when a condition does not hold.",
        zh="条件不成立时失败。",
        config=AssertConfig,
        accepts=frozenset({"on_error"}),
    )

    def sites(self, view: NodeView) -> Iterable[Site]:
        """Each condition is a boolean."""
        for name, text in view.config_as(AssertConfig).conditions.items():
            yield Site(key=f"/assert/{name}", binding=bare(text), expects=BOOLEAN)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Evaluate every condition.

        Raises:
            AssertionFailed: One does not hold.
        """
        config = node.config_as(AssertConfig)
        broken = [name for name in config.conditions if ctx.evaluate(node.sites[f"/assert/{name}"]) is not True]
        if broken:
            said = "; ".join(f"{name}: {config.conditions[name]}" for name in broken)
            raise AssertionFailed(f"What must hold does not: {said}.", where=ctx.path, details={"broken": [*broken]})
        return Outcome()
