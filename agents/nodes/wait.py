"""`wait`: stops the run for a time, until a moment, or until an event comes from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Annotated, ClassVar

from pydantic import Field

from runtime.base.errors import Json

from ..context import AskRequest, Context
from ..diagnostics import Diagnostic, Phrase, diagnose
from ..expressions import bare, parse_value
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Site, Surface
from ..scope import NodeView
from ..spec.document import DurationText, Id
from ..types import JSON, STRING, TIMESTAMP, parse_timestamp
from .base import NodeType, Outcome

__all__ = ["Wait", "WaitConfig"]

EVENT, TIMEOUT = "event", "timeout"
ONE = Phrase(
    "say for, until or event; for may limit how long it waits for an event",
    "请写 for、until 或 event 之一；for 可用来限定等待事件的时间",
)
ALONE = Phrase("key belongs to event", "key 只与 event 一起使用")


class WaitConfig(Config):
    """Keys of a `wait` node: how long (`for`), until when (`until`, an expression), or for which `event`.

    `key` (an expression) says which of the events of that name is meant; `for` beside `event` how long it waits at
    most.
    """

    for_: Annotated[DurationText | None, Field(alias="for")] = None
    until: str | None = None
    event: Id | None = None
    key: str | None = None


class Wait(NodeType):
    """Parks the run; nothing is used meanwhile, and a restart changes nothing."""

    manifest: ClassVar = Manifest(
        type="wait",
        group="control",
        en="Waits for a time, until a moment, or for an event from outside.",
        zh="等待一段时间、等到某一时刻，或等待外部事件。",
        config=WaitConfig,
    )

    def surface(self, view: NodeView) -> Surface:
        """Give the time at which the run goes on, and what came with the event."""
        config = view.config_as(WaitConfig)
        outputs = {"at": Port(type=TIMESTAMP)}
        if config.event is None:
            return Surface(outputs=outputs)
        if config.for_ is None:
            return Surface(outputs={**outputs, "data": Port(type=JSON)})
        return Surface(outputs={**outputs, "data": Port(type=JSON, only=EVENT)}, handles=(EVENT, TIMEOUT))

    def sites(self, view: NodeView) -> Iterable[Site]:
        """`until` is a moment, `key` a text."""
        config = view.config_as(WaitConfig)
        if config.until is not None:
            yield Site(key="/until", binding=bare(config.until), expects=TIMESTAMP)
        if config.key is not None:
            yield Site(key="/key", binding=parse_value(config.key), expects=STRING)

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """One thing is waited for."""
        config = view.config_as(WaitConfig)
        wanted = sum(one is not None for one in (config.for_, config.until, config.event))
        if wanted != 1 and not (wanted == 2 and config.until is None):
            yield diagnose("BG105", view.pointer, node=view.id, where=view.id, problem=ONE)
        elif config.event is None and config.key is not None:
            yield diagnose("BG105", view.pointer, node=view.id, where=view.id, problem=ALONE)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Park until it is time."""
        config = node.config_as(WaitConfig)
        if config.event is not None:
            shown: dict[str, Json] = {"event": config.event}
            if "/key" in node.sites:
                shown["key"] = ctx.evaluate(node.sites["/key"])
            asked = AskRequest(
                kind="event", actions=(EVENT, TIMEOUT), shown=shown, wait=config.for_, on_timeout=TIMEOUT
            )
            answer = (await ctx.ask(asked)).value
            came: dict[str, Json] = {"data": answer.form.get("data")} if answer.action == EVENT else {}
            return Outcome(outputs={"at": answer.at, **came}, handle=answer.action if node.handles else None)
        wait = config.for_ or await _until(ctx, node)
        asked = AskRequest(kind="timer", actions=(TIMEOUT,), wait=wait, on_timeout=TIMEOUT)
        return Outcome(outputs={"at": (await ctx.ask(asked)).value.at})


async def _until(ctx: Context, node: CompiledNode) -> str:
    moment = parse_timestamp(str(ctx.evaluate(node.sites["/until"])))
    now = (await ctx.clock()).value
    return f"{max((moment.astimezone(UTC) - now).total_seconds(), 0.0):.3f}s"
