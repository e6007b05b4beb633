"""`join`: goes on with the first of several arms that has come, without waiting for the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from runtime.base.errors import Json

from ..context import Context
from ..diagnostics import Diagnostic, Phrase, diagnose
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..types import JSON, STRING, Type, union
from .base import NodeType, Outcome

__all__ = ["Join", "JoinConfig"]


class JoinConfig(Config):
    """Keys of a `join` node.

    Every name in `in` is an arm. With `any`, what leads to the other arms runs on; with `first`, what leads to them and
    to nothing else is stopped.
    """

    mode: Literal["any", "first"] = "any"


class Join(NodeType):
    """Gives the value of the arm that came first; where several have come, of the one that is written first.

    A plain node waits for all that it reads. A join runs as soon as one arm is there, and is skipped when none can
    come.
    """

    manifest: ClassVar = Manifest(
        type="join",
        group="control",
        en="Goes on with whichever arm comes first.",
        zh="哪一路先到，就以哪一路继续。",
        config=JoinConfig,
    )

    def surface(self, view: NodeView) -> Surface:
        """Take any arms."""
        return Surface(open=True, outputs=self.outputs(view, {}))

    def outputs(self, view: NodeView, types: Mapping[str, Type]) -> Mapping[str, Port]:
        """Type the value by the arms."""
        arms = [types.get(f"/in/{name}", JSON) for name in view.spec.inputs]
        known = arms and JSON not in arms
        return {"arm": Port(type=STRING), "value": Port(type=union(*arms) if known else JSON)}

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """Ask for two arms."""
        if len(view.spec.inputs) < 2:
            problem = Phrase("a join needs two arms or more under in", "join 在 in 中至少需要两路")
            yield diagnose("BG105", view.pointer, node=view.id, where=view.id, problem=problem)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Keep to the arm that was chosen when the node first ran."""
        arm = (await ctx.choose([*inputs])).value
        return Outcome(outputs={"arm": arm, "value": inputs[arm]})
