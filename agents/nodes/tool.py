"""`tool`: one call of one tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from runtime.base.errors import Json

from ..context import Context, ToolRequest
from ..graph import Act, CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..types import FILE, JSON, STRING, ListOf, OptionalOf, Record, Type, from_schema, parse_type
from .base import NodeType, Outcome

__all__ = ["Tool", "ToolConfig"]


class ToolConfig(Config):
    """Keys of a `tool` node."""

    tool: str
    returns: str | None = None
    approve: Literal["effects", "always", "never"] | None = None


class Tool(NodeType):
    """Calls a tool of a server that `requires.tools` names; its arguments are the node's `in`."""

    manifest: ClassVar = Manifest(
        type="tool",
        group="tool",
        en="Calls one tool of a connected server.",
        zh="调用已连接服务器上的一个工具。",
        config=ToolConfig,
        accepts=frozenset({"on_error", "retry", "timeout", "budget", "cache"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take the arguments and the result's type from the tool's JSON Schemas."""
        config = view.config_as(ToolConfig)
        info = view.scope.tool(config.tool)
        result = parse_type(config.returns, view.scope.types) if config.returns else JSON
        if info is None:
            return Surface(open=True, outputs=_outputs(Port(type=result)))
        if not config.returns and info.output_schema is not None:
            result = from_schema(unwrapped(info.output_schema), info.name)
        arguments = from_schema(info.input_schema, info.name)
        fields: Mapping[str, Type] = arguments.fields if isinstance(arguments, Record) else {}
        inputs = {name: Port(type=kind, required=not isinstance(kind, OptionalOf)) for name, kind in fields.items()}
        return Surface(inputs=inputs, open=not isinstance(arguments, Record), outputs=_outputs(Port(type=result)))

    def acts(self, view: NodeView) -> Iterable[Act]:
        """Call the one tool."""
        config = view.config_as(ToolConfig)
        return (Act(config.tool, view.scope.tool(config.tool), config.approve),)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Call the tool and hand its result on."""
        config = node.config_as(ToolConfig)
        request = ToolRequest(tool=config.tool, arguments=dict(inputs), approve=config.approve)
        result = (await ctx.tool(request)).value
        return Outcome(outputs={"result": result.data, "text": result.text, "files": list(result.files)})


def _outputs(result: Port) -> dict[str, Port]:
    return {"result": result, "text": Port(type=STRING), "files": Port(type=ListOf(FILE))}


def unwrapped(schema: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the schema of the value inside fastmcp's `{"result": …}` envelope, or the schema itself."""
    properties = schema.get("properties")
    if schema.get("x-fastmcp-wrap-result") and isinstance(properties, dict):
        inner = properties.get("result")
        if isinstance(inner, dict):
            return {**inner, "$defs": schema.get("$defs", {})}
    return schema
