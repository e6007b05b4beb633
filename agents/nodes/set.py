"""`set`: the only writer of state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from runtime.base.errors import Json

from ..context import Context
from ..diagnostics import Diagnostic, diagnose, hint
from ..expressions import parse_value
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Site
from ..scope import NodeView
from ..types import ListOf, Type
from .base import NodeType, Outcome

__all__ = ["Set", "SetConfig"]


class SetConfig(Config):
    """Keys of a `set` node: state keys and what is written to them, through each key's reducer."""

    write: Annotated[dict[str, Any], Field(min_length=1)]


class Set(NodeType):
    """Writes state keys through their reducers."""

    manifest: ClassVar = Manifest(
        type="set", group="data", en="Writes state keys.", zh="写入状态键。", config=SetConfig
    )

    def sites(self, view: NodeView) -> Iterable[Site]:
        """Each entry of `write` is a value of its key's type (of its element type for `append`)."""
        for key, value in view.config_as(SetConfig).write.items():
            yield Site(key=f"/write/{key}", binding=parse_value(value), expects=_written(view, key))

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """Every key must be declared."""
        for key in view.config_as(SetConfig).write:
            if key not in view.scope.state:
                text = hint(key, view.scope.state)
                yield diagnose("BG310", f"{view.pointer}/write/{key}", node=view.id, key=key, hint=text)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Write through the context, which applies the reducers."""
        for key in node.config_as(SetConfig).write:
            await ctx.write_state(key, ctx.evaluate(node.sites[f"/write/{key}"]))
        return Outcome()


def _written(view: NodeView, key: str) -> Type | None:
    spec = view.scope.state.get(key)
    if spec is None:
        return None
    return spec.type.item if spec.reducer == "append" and isinstance(spec.type, ListOf) else spec.type
