"""`classify`: which of a closed set of labels a text has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from runtime.base.errors import Json

from ..context import ChatMessage, Context, ModelRequest
from ..diagnostics import Diagnostic
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..types import NUMBER, STRING
from .base import NodeType, Outcome
from .dialogue import check_model

__all__ = ["Classify", "ClassifyConfig"]


class ClassifyConfig(Config):
    """Keys of a `classify` node: the model and the labels, each with a description or none."""

    model: str
    labels: Annotated[list[str], Field(min_length=2)] | Annotated[dict[str, str], Field(min_length=2)]

    @property
    def names(self) -> tuple[str, ...]:
        """The labels in their order."""
        return tuple(self.labels)


class Classify(NodeType):
    """Chooses a label and goes its way; `else` when the model's answer is no label."""

    manifest: ClassVar = Manifest(
        type="classify",
        group="model",
        en="Chooses one of several labels for a text and goes that way.",
        zh="为文本选择一个标签，并沿该分支前进。",
        config=ClassifyConfig,
        accepts=frozenset({"on_error", "retry", "timeout", "budget", "cache"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take a text; give the label, its score and a handle for each label."""
        return Surface(
            inputs={"text": Port(type=STRING)},
            outputs={"label": Port(type=STRING), "score": Port(type=NUMBER)},
            handles=(*view.config_as(ClassifyConfig).names, "else"),
        )

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """The model must chat."""
        yield from check_model(view, view.config_as(ClassifyConfig).model, {"chat"})

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Ask for one label; models that can score labels are asked for likelihoods instead of words."""
        config = node.config_as(ClassifyConfig)
        request = ModelRequest(
            model=config.model,
            messages=(
                ChatMessage(role="system", content=_instruction(config)),
                ChatMessage(role="user", content=str(inputs["text"])),
            ),
            choices=config.names,
            max_tokens=32,
        )
        reply = (await ctx.model(request)).value
        label = reply.text.strip()
        chosen = label if label in config.names else "else"
        score = reply.scores.get(chosen, 1.0 if chosen == label else 0.0)
        return Outcome(outputs={"label": chosen, "score": score}, handle=chosen)


def _instruction(config: ClassifyConfig) -> str:
    described = config.labels.items() if isinstance(config.labels, dict) else ((name, "") for name in config.labels)
    lines = [f"- {name}: {text}" if text else f"- {name}" for name, text in described]
    return "Answer with exactly one of these labels and nothing else:\n" + "\n".join(lines)
