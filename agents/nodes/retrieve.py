"""`retrieve`: passages of a knowledge base for a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from runtime.base.errors import Json
from runtime.base.labels import Label

from ..context import Context, RetrieveRequest
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..spec import base_label
from ..types import CITATION, PASSAGE, STRING, ListOf
from .base import NodeType, Outcome

__all__ = ["Retrieve", "RetrieveConfig"]


class RetrieveConfig(Config):
    """Keys of a `retrieve` node: the base, how many passages, and exact-match filters on document metadata."""

    from_: Annotated[str, Field(alias="from")]
    k: Annotated[int, Field(ge=1, le=100)] = 5
    filter: dict[str, str | int | float | bool] = {}


class Retrieve(NodeType):
    """Searches a base by the one retrieval path."""

    manifest: ClassVar = Manifest(
        type="retrieve",
        group="knowledge",
        en="Finds the passages of a knowledge base that fit a query.",
        zh="在知识库中查找与查询相符的段落。",
        config=RetrieveConfig,
        accepts=frozenset({"on_error", "retry", "timeout", "cache"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take a query; give passages, citations and the numbered text."""
        return Surface(
            inputs={"query": Port(type=STRING)},
            outputs={
                "passages": Port(type=ListOf(PASSAGE)),
                "citations": Port(type=ListOf(CITATION)),
                "text": Port(type=STRING),
            },
        )

    def brings(self, view: NodeView) -> Iterable[tuple[str, Label]]:
        """Bring passages of the base in."""
        name = view.config_as(RetrieveConfig).from_
        return ((name, base_label(view.scope.base(name))),)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Search and number the passages for a prompt."""
        config = node.config_as(RetrieveConfig)
        query = str(inputs["query"])
        found = (
            await ctx.retrieve(RetrieveRequest(base=config.from_, query=query, k=config.k, filter=config.filter))
        ).value
        return Outcome(
            outputs={"passages": list(found.passages), "citations": list(found.citations), "text": found.text}
        )
