"""`loop`: the same graph again and again, each round reading what the last one gave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from runtime.base.errors import Json

from ..context import Context
from ..diagnostics import Diagnostic, diagnose
from ..expressions import bare, parse_value
from ..graph import CompiledNode
from ..manifest import Manifest, Port, Site, Surface
from ..scope import NodeView
from ..spec.document import Id
from ..types import BOOLEAN, INTEGER, JSON, Record, Type, assignable
from .base import Outcome
from .container import OUT, Container, ContainerConfig, given

__all__ = ["Loop", "LoopConfig"]

UNTIL = "/until"
INIT = "/init/"


class LoopConfig(ContainerConfig):
    """Keys of a `loop` node.

    `init` gives the values that the first round reads as `prev`; every later one reads there what `out` gave in the
    round before it. `round` counts from 1. The loop ends after the round in which `until` holds, and after `max`
    rounds at the latest.
    """

    max: Annotated[int, Field(ge=1, le=1000)]
    init: dict[Id, Any] = {}
    until: str | None = None


class Loop(Container):
    """Runs the body until a condition holds; the values of the last round are the node's."""

    manifest: ClassVar = Manifest(
        type="loop",
        group="control",
        en="Runs its body again and again until a condition holds.",
        zh="反复运行其内部的图，直到条件成立。",
        config=LoopConfig,
        accepts=frozenset({"on_error", "timeout", "budget"}),
    )
    repeats: ClassVar = True
    shadows: ClassVar = True
    taken: ClassVar = frozenset({"rounds", "done"})

    def surface(self, view: NodeView) -> Surface:
        """Offer the values of `out`, the number of rounds, and whether `until` came to hold."""
        return Surface(outputs=self.outputs(view, {}))

    def sites(self, view: NodeView) -> Iterable[Site]:
        """`init` belongs to the graph around the loop."""
        for name, value in view.config_as(LoopConfig).init.items():
            yield Site(key=f"{INIT}{name}", binding=parse_value(value))

    def inner_sites(self, view: NodeView) -> Iterable[Site]:
        """`until` is over the body's values, as `out` is."""
        yield from super().inner_sites(view)
        until = view.config_as(LoopConfig).until
        if until is not None:
            yield Site(key=UNTIL, binding=bare(until), expects=BOOLEAN)

    def names(self, view: NodeView) -> tuple[str, ...]:
        """Know the last round's values and the round's number."""
        return "prev", "round"

    def items(self, view: NodeView, types: Mapping[str, Type]) -> Mapping[str, Type]:
        """Type the last round's values by `init`."""
        names = view.config_as(LoopConfig).init
        prev = Record(f"{view.id}_prev", {name: types.get(f"{INIT}{name}", JSON) for name in names})
        return {"prev": prev, "round": INTEGER}

    def outputs(self, view: NodeView, types: Mapping[str, Type]) -> Mapping[str, Port]:
        """Type the values by `out`."""
        values = {name: Port(type=kind) for name, kind in given(self.body(view), types).items()}
        return {**values, "rounds": Port(type=INTEGER), "done": Port(type=BOOLEAN)}

    def check_body(self, view: NodeView, names: Mapping[str, Type], left: Mapping[str, Type]) -> Iterator[Diagnostic]:
        """Every value that `init` begins with must be given again, in its type."""
        body = self.body(view)
        prev = names["prev"]
        for name, wanted in prev.fields.items() if isinstance(prev, Record) else ():
            path = f"{view.pointer}/body/out"
            if name not in body.out:
                yield diagnose("BG219", path, node=view.id, owner=view.id, name=name)
                continue
            found = left.get(f"{OUT}{name}", JSON)
            if found != JSON and not assignable(found, wanted):
                port = f"prev.{name}"
                yield diagnose("BG303", f"{path}/{name}", node=view.id, port=port, expected=wanted, found=found)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Run rounds."""
        config = node.config_as(LoopConfig)
        prev: dict[str, Json] = {name: ctx.evaluate(node.sites[f"{INIT}{name}"]) for name in config.init}
        for number in range(1, config.max + 1):
            await ctx.turn(number)
            found = (await ctx.once({"prev": prev, "round": number}, name=f"#{number}.")).value
            done = found.pop(UNTIL, False) is True
            values = {key.removeprefix(OUT): value for key, value in found.items()}
            if done or number == config.max:
                return Outcome(outputs={**values, "rounds": number, "done": done})
            prev = {name: values[name] for name in config.init}
        raise AssertionError("a loop has a round")
