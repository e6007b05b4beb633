"""`subflow`: another app as a node, at a version that is fixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from runtime.base.errors import Json
from runtime.base.labels import Label

from ..context import Context
from ..errors import NodeError
from ..graph import Act, CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from .base import NodeType, Outcome

__all__ = ["Subflow", "SubflowConfig"]


class SubflowConfig(Config):
    """Keys of a `subflow` node: the app, by its name in `requires.apps`."""

    app: str


class Subflow(NodeType):
    """Runs an app that `requires.apps` names; its inputs are the node's `in`, its outputs the node's ports."""

    manifest: ClassVar = Manifest(
        type="subflow",
        group="control",
        en="Runs another app, at a version that is fixed.",
        zh="以固定的版本运行另一个应用。",
        config=SubflowConfig,
        accepts=frozenset({"on_error", "timeout", "budget"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take the app's inputs; give its outputs. An app that is not known takes and gives anything."""
        info = view.scope.app(view.config_as(SubflowConfig).app)
        if info is None:
            return Surface(open=True, opaque=True)
        return Surface(
            inputs={name: Port(type=kind, required=name in info.required) for name, kind in info.inputs.items()},
            outputs={name: Port(type=kind) for name, kind in info.outputs.items()},
        )

    def acts(self, view: NodeView) -> Iterable[Act]:
        """Do what the app may do."""
        alias = view.config_as(SubflowConfig).app
        info = view.scope.app(alias)
        if info is None:
            return ()
        approved = info.approved
        return [
            Act(f"{alias}/{name}", tool, "effects" if name in approved else None, of="app")
            for name, tool in info.tools.items()
        ]

    def brings(self, view: NodeView) -> Iterable[tuple[str, Label]]:
        """Bring in what the app reads."""
        alias = view.config_as(SubflowConfig).app
        info = view.scope.app(alias)
        return () if info is None else ((alias, info.reads),)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Run the app's graph within this run."""
        alias = node.config_as(SubflowConfig).app
        app = ctx.app.apps.get(alias)
        if app is None:
            raise NodeError(
                f"The app {alias!r} is not here.", where=ctx.path, fix="Put it into this home, or pin another."
            )
        return Outcome(outputs=dict((await ctx.run_graph(app, inputs)).value))
