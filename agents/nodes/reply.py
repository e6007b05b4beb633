"""`reply`: a message to the person while the run goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runtime.base.errors import Json

from ..context import Context
from ..graph import CompiledNode
from ..manifest import Manifest, Port, Surface
from ..scope import NodeView
from ..types import CITATION, STRING, ListOf
from .base import NodeType, Outcome

__all__ = ["Reply"]


class Reply(NodeType):
    """Sends a text to whoever watches the run. A text that is exactly one streaming port is forwarded as it grows."""

    manifest: ClassVar = Manifest(
        type="reply", group="output", en="Sends a message to the person.", zh="向用户发送一条消息。"
    )

    def surface(self, view: NodeView) -> Surface:
        """Take the text and, if wanted, its citations."""
        return Surface(inputs={"text": Port(type=STRING), "citations": Port(type=ListOf(CITATION), required=False)})

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Send it."""
        citations = inputs.get("citations")
        await ctx.reply(str(inputs["text"]), citations if isinstance(citations, list) else [])
        return Outcome()
