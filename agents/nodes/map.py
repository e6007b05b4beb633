"""`map`: the same graph for every item of a list, several items at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal, cast

from pydantic import Field

from runtime.base.errors import Json

from ..context import Context, ItemFailure
from ..errors import TooManyItems
from ..expressions import bare
from ..graph import CompiledNode
from ..manifest import Manifest, Port, Site, Surface
from ..scope import NodeView
from ..spec.document import Id
from ..types import INTEGER, ITEM_ERROR, JSON, ListOf, OptionalOf, Type
from .base import Outcome
from .container import OUT, Container, ContainerConfig, record_of

__all__ = ["Map", "MapConfig"]

MOST = 1000
"""Items of a `map` that sets no limit of its own."""


class MapConfig(ContainerConfig):
    """Keys of a `map` node.

    `over` is the list. The body knows an item under the name `as`, and its index, from 0, under that name with
    `_index`. `parallel` items run at a time; one that waits for a person does not count. When an item fails, `fail`
    fails the node, `keep` leaves its place in the result empty, `drop` leaves it out.
    """

    over: str
    item: Annotated[Id, Field(alias="as")] = "row"
    max_items: Annotated[int, Field(ge=1, le=100_000)] | None = None
    parallel: Annotated[int, Field(ge=1, le=100)] = 8
    on_item_error: Literal["fail", "keep", "drop"] = "fail"

    @property
    def limit(self) -> int:
        """How many items it takes."""
        return self.max_items or MOST


class Map(Container):
    """Runs the body once for every item; the results come in the order of the list."""

    manifest: ClassVar = Manifest(
        type="map",
        group="control",
        en="Runs its body for every item of a list, several at a time.",
        zh="对列表中的每一项运行其内部的图，可同时运行多项。",
        config=MapConfig,
        accepts=frozenset({"on_error", "timeout", "budget"}),
    )
    parallel: ClassVar = True

    def surface(self, view: NodeView) -> Surface:
        """Offer the results and the failures."""
        return Surface(outputs={"items": Port(type=ListOf(JSON)), "failed": Port(type=ListOf(ITEM_ERROR))})

    def sites(self, view: NodeView) -> Iterable[Site]:
        """`over` is a list."""
        yield Site(key="/over", binding=bare(view.config_as(MapConfig).over), expects=ListOf(JSON))

    def names(self, view: NodeView) -> tuple[str, ...]:
        """Know the item and its index."""
        item = view.config_as(MapConfig).item
        return item, f"{item}_index"

    def items(self, view: NodeView, types: Mapping[str, Type]) -> Mapping[str, Type]:
        """Type the item by the list."""
        item, index = self.names(view)
        over = types.get("/over", JSON)
        return {item: over.item if isinstance(over, ListOf) else JSON, index: INTEGER}

    def tells(self, view: NodeView) -> bool:
        """`failed` says why items failed."""
        return view.config_as(MapConfig).on_item_error != "fail"

    def unlimited(self, view: NodeView) -> bool:
        """Without `max_items`, the list decides."""
        return view.config_as(MapConfig).max_items is None

    def outputs(self, view: NodeView, types: Mapping[str, Type]) -> Mapping[str, Port]:
        """Type the results by `out`; where failed items are kept, a result may be missing."""
        config = view.config_as(MapConfig)
        result: Type = record_of(view, config.body, types)
        if config.on_item_error == "keep":
            result = OptionalOf(result)
        return {"items": Port(type=ListOf(result)), "failed": Port(type=ListOf(ITEM_ERROR))}

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Run the body for every item."""
        config = node.config_as(MapConfig)
        rows = cast("list[Json]", ctx.evaluate(node.sites["/over"]))
        if len(rows) > config.limit:
            raise TooManyItems(
                f"The list has {len(rows):,} items, and {node.id!r} takes {config.limit:,}.",
                where=ctx.path,
                fix="Raise its max_items, or cut the list with a list_op.",
            )
        names: list[dict[str, Json]] = [
            {config.item: row, f"{config.item}_index": index} for index, row in enumerate(rows)
        ]
        found = await ctx.passes(names, parallel=config.parallel, tolerant=config.on_item_error != "fail")
        items: list[Json] = []
        failed: list[Json] = []
        for index, one in enumerate(found.value):
            if not isinstance(one, ItemFailure):
                items.append({key.removeprefix(OUT): value for key, value in one.items()})
                continue
            failed.append({"index": index, "error": one.error})
            if config.on_item_error == "keep":
                items.append(None)
        return Outcome(outputs={"items": items, "failed": failed})
