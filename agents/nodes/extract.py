"""`extract`: data of a schema out of a text, by a model without tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from runtime.base.errors import Json

from ..context import ChatMessage, Context, ModelRequest
from ..diagnostics import Diagnostic
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..types import STRING, coerce, to_schema
from .base import NodeType, Outcome
from .dialogue import check_model

__all__ = ["Extract", "ExtractConfig"]

INSTRUCTION = "Read the text and give its facts as JSON of the required shape. Use only what the text says."


class ExtractConfig(Config):
    """Keys of an `extract` node: the model and the shape, as `{field: type}`, a type's name or `{schema: …}`."""

    model: str
    schema_: Annotated[dict[str, Any] | str, Field(alias="schema")]


class Extract(NodeType):
    """Reads a text into typed data. A bounded shape lowers the data's label to `bounded`."""

    manifest: ClassVar = Manifest(
        type="extract",
        group="model",
        en="Reads a text into data of a given shape.",
        zh="从文本中提取指定结构的数据。",
        config=ExtractConfig,
        accepts=frozenset({"on_error", "retry", "timeout", "budget", "cache"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take a text; give data of the schema's type."""
        kind = view.scope.inline_type(view.config_as(ExtractConfig).schema_, view.id)
        return Surface(inputs={"text": Port(type=STRING)}, outputs={"data": Port(type=kind)})

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """The model must chat."""
        yield from check_model(view, view.config_as(ExtractConfig).model, {"chat"})

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Ask under the schema's grammar and check the answer."""
        kind = node.outputs["data"].type
        request = ModelRequest(
            model=node.config_as(ExtractConfig).model,
            messages=(
                ChatMessage(role="system", content=INSTRUCTION),
                ChatMessage(role="user", content=str(inputs["text"])),
            ),
            schema=to_schema(kind),
        )
        reply = (await ctx.model(request)).value
        return Outcome(outputs={"data": coerce(reply.data, kind, f"{node.id}.data")})
