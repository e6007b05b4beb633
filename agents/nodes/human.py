"""`human`: a person looks, fills a form and chooses an action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from runtime.base.errors import Json

from ..context import AskRequest, Context
from ..diagnostics import Diagnostic, Phrase, diagnose, hint
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..spec.document import DurationText
from ..types import STRING, TIMESTAMP, OptionalOf, Type, parse_type, to_schema
from .base import NodeType, Outcome

__all__ = ["Human", "HumanConfig"]

OWN_PORTS = {"action": Port(type=STRING), "by": Port(type=OptionalOf(STRING)), "at": Port(type=TIMESTAMP)}


class HumanConfig(Config):
    """Keys of a `human` node; `who` may answer, `wait` is how long to wait for them, `remind` how often to remind."""

    actions: Annotated[list[str], Field(min_length=1)]
    form: dict[str, str] = {}
    who: str | list[str] | None = None
    remind: DurationText | None = None
    wait: DurationText | None = None
    on_timeout: str | None = None


class Human(NodeType):
    """Stops the run until a person answers, or until the wait is over."""

    manifest: ClassVar = Manifest(
        type="human",
        group="people",
        en="Waits for a person to look, fill in a form and choose an action.",
        zh="等待人员查看、填写表单并选择操作。",
        config=HumanConfig,
        accepts=frozenset({"on_error"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take any names to show; give the action and the form's fields, which are absent after a timeout."""
        config = view.config_as(HumanConfig)
        absent = config.wait is not None
        fields = {name: parse_type(text, view.scope.types) for name, text in config.form.items()}
        ports = {name: Port(type=_maybe(kind, absent=absent)) for name, kind in fields.items()}
        return Surface(open=True, outputs={**ports, **OWN_PORTS}, handles=tuple(config.actions))

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """A wait needs an action for its end, and a form may not hide the node's own ports."""
        config = view.config_as(HumanConfig)
        path = view.pointer
        if config.wait is not None and config.on_timeout is None:
            yield diagnose("BG104", path, node=view.id, where=path, key="on_timeout")
        if config.on_timeout is not None and config.on_timeout not in config.actions:
            text = hint(config.on_timeout, config.actions)
            names = {"owner": view.id, "handle": config.on_timeout, "hint": text}
            yield diagnose("BG205", f"{path}/on_timeout", names, node=view.id)
        for name in config.form.keys() & OWN_PORTS.keys():
            problem = Phrase(f"{name!r} is an output of every human node", f"每个 human 节点都有输出 {name!r}")
            yield diagnose("BG105", f"{path}/form/{name}", node=view.id, where=f"{view.id}.form", problem=problem)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Ask, and give the answer's fields on."""
        config = node.config_as(HumanConfig)
        request = AskRequest(
            kind="form",
            actions=tuple(config.actions),
            form={name: to_schema(node.outputs[name].type) for name in config.form},
            shown=dict(inputs),
            who=tuple([config.who] if isinstance(config.who, str) else config.who or ()),
            remind=config.remind,
            wait=config.wait,
            on_timeout=config.on_timeout,
        )
        answer = (await ctx.ask(request)).value
        own: dict[str, Json] = {"action": answer.action, "at": answer.at}
        if answer.by is not None:
            own["by"] = answer.by
        return Outcome(outputs={**answer.form, **own}, handle=answer.action)


def _maybe(kind: Type, *, absent: bool) -> Type:
    return OptionalOf(kind) if absent and not isinstance(kind, OptionalOf) else kind
