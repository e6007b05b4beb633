"""`agent`: works towards a goal with a model, tools and knowledge, by a planning strategy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from runtime.base.errors import Json
from runtime.base.labels import Label

from ..context import Context, ToolOffer
from ..diagnostics import Diagnostic, Phrase, diagnose, hint
from ..graph import Act, CompiledApp, CompiledNode
from ..manifest import Config, Manifest, Port, Site, Surface
from ..planning import STRATEGIES, Task, strategy
from ..scope import NodeView
from ..spec import base_label
from ..types import CITATION, STEP, STRING, ListOf
from .base import NodeType, Outcome
from .dialogue import as_text, check_model, check_text, fill, history_site, read_history

__all__ = ["Agent", "AgentConfig"]


class AgentConfig(Config):
    """Keys of an `agent` node; `system` is a text or a file of the bundle."""

    strategy: str = "react"
    model: str
    system: str | None = None
    tools: list[str] = []
    skills: list[str] = []
    knowledge: list[str] = []
    history: str | None = None
    history_tokens: Annotated[int, Field(ge=0)] = 1000
    max_steps: Annotated[int, Field(ge=1, le=50)] = 8
    approve: Literal["effects", "always", "never"] | None = None


class Agent(NodeType):
    """Plans and acts until the goal is reached or the steps are used up."""

    manifest: ClassVar = Manifest(
        type="agent",
        group="model",
        en="Works towards a goal with a model, tools and knowledge.",
        zh="借助模型、工具和知识库完成目标。",
        config=AgentConfig,
        accepts=frozenset({"on_error", "retry", "timeout", "budget"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take a goal and any names; give the answer, the steps taken, citations and how it ended."""
        return Surface(
            inputs={"goal": Port(type=STRING)},
            open=True,
            outputs={
                "answer": Port(type=STRING, streaming=True),
                "steps": Port(type=ListOf(STEP)),
                "citations": Port(type=ListOf(CITATION)),
                "status": Port(type=STRING),
            },
        )

    def sites(self, view: NodeView) -> Iterable[Site]:
        """`history` may be an expression."""
        return history_site(view.config_as(AgentConfig).history)

    def acts(self, view: NodeView) -> Iterable[Act]:
        """Call any of its tools."""
        config = view.config_as(AgentConfig)
        return [Act(name, view.scope.tool(name), config.approve) for name in config.tools]

    def brings(self, view: NodeView) -> Iterable[tuple[str, Label]]:
        """Bring passages of its bases in."""
        return [(name, base_label(view.scope.base(name))) for name in view.config_as(AgentConfig).knowledge]

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """Check strategy, model, tools and bases."""
        config = view.config_as(AgentConfig)
        if config.strategy not in STRATEGIES:
            known = ", ".join(STRATEGIES)
            problem = Phrase(f"there is no such strategy; known: {known}", f"没有这种策略；已知：{known}")
            path = f"{view.pointer}/strategy"
            yield diagnose("BG105", path, node=view.id, where=config.strategy, problem=problem)
        yield from check_model(view, config.model, {"chat"})
        if config.system is not None:
            yield from check_text(view, "/system", config.system)
        declared = view.scope.document.requires
        for at, base in enumerate(config.knowledge):
            if base not in declared.knowledge:
                yield _missing("BG406", f"{view.pointer}/knowledge/{at}", view.id, base, declared.knowledge)
        for at, skill in enumerate(config.skills):
            if skill not in declared.skills:
                yield _missing("BG411", f"{view.pointer}/skills/{at}", view.id, skill, declared.skills)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Hand the goal to the strategy."""
        config = node.config_as(AgentConfig)
        history = await read_history(ctx, node, config.history, config.history_tokens)
        material = {name: as_text(value) for name, value in inputs.items() if name != "goal"}
        task = Task(
            goal=str(inputs["goal"]),
            model=config.model,
            material=material,
            system=fill(node, config.system, inputs) if config.system else None,
            tools=tuple(_offers(ctx.app, config.tools)),
            knowledge=tuple(config.knowledge),
            history=history,
            max_steps=config.max_steps,
            approve=config.approve,
        )
        result = await strategy(config.strategy).run(ctx, task)
        return Outcome(
            outputs={
                "answer": result.answer,
                "steps": [step.to_json() for step in result.steps],
                "citations": list(result.citations),
                "status": result.status,
            }
        )


def _offers(app: CompiledApp, names: list[str]) -> Iterator[ToolOffer]:
    for name in names:
        alias, _, tool = name.partition(".")
        info = app.resources.servers[app.document.requires.tools[alias].server][tool]
        yield ToolOffer(name=name, description=info.description, schema=dict(info.input_schema))


def _missing(code: str, path: str, node: str, name: str, known: Iterable[str]) -> Diagnostic:
    return diagnose(code, path, node=node, name=name, hint=hint(name, known, prefix=Phrase("Declared", "已声明")))
