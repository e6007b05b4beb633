"""`judge`: how well a text meets criteria, on a scale, by a model.

The score is the mean of the scale's steps, weighted by the likelihood that the model gives to each, where it tells;
this is finer than its one answer. Source: Liu et al., "G-Eval: NLG evaluation using GPT-4 with better human alignment"
(arXiv 2303.16634).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from runtime.base.errors import Json

from ..context import ChatMessage, Context, ModelReply, ModelRequest
from ..diagnostics import Diagnostic, Phrase, diagnose
from ..errors import NodeError
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..types import NUMBER, STRING
from .base import NodeType, Outcome
from .dialogue import as_text, check_model, check_text, fill

__all__ = ["Judge", "JudgeConfig"]

PASS, FAIL = "pass", "fail"


class JudgeConfig(Config):
    """Keys of a `judge` node.

    `criteria` is a text or a file of the bundle and sees the node's inputs. `scale` is the highest step; the lowest is
    1. A score of `threshold` or more goes by `pass`; by default the middle of the scale. With `explain`, the model
    writes its reasons first.
    """

    model: str
    criteria: str
    scale: Annotated[int, Field(ge=2, le=10)] = 5
    threshold: float | int | None = None
    explain: bool = False

    @property
    def enough(self) -> float:
        """The least score that passes."""
        return float(self.threshold) if self.threshold is not None else (1 + self.scale) / 2

    @property
    def steps(self) -> tuple[str, ...]:
        """What the model chooses from."""
        return tuple(str(step) for step in range(1, self.scale + 1))


class Judge(NodeType):
    """Scores a text and goes by `pass` or `fail`."""

    manifest: ClassVar = Manifest(
        type="judge",
        group="model",
        en="Scores a text by given criteria and goes by pass or fail.",
        zh="按给定标准为文本打分，并走 pass 或 fail。",
        config=JudgeConfig,
        accepts=frozenset({"on_error", "retry", "timeout", "budget", "cache"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take the text and whatever the criteria speak of."""
        return Surface(
            inputs={"text": Port(type=STRING)},
            open=True,
            outputs={"score": Port(type=NUMBER), "reason": Port(type=STRING)},
            handles=(PASS, FAIL),
        )

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """The model must chat, the criteria know their names, and the threshold be on the scale."""
        config = view.config_as(JudgeConfig)
        yield from check_model(view, config.model, {"chat"})
        yield from check_text(view, "/criteria", config.criteria)
        if not 1 <= config.enough <= config.scale:
            problem = Phrase(f"it must be from 1 to {config.scale}", f"应在 1 到 {config.scale} 之间")
            yield diagnose("BG105", f"{view.pointer}/threshold", node=view.id, where=view.id, problem=problem)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Ask for a step of the scale."""
        config = node.config_as(JudgeConfig)
        told = [ChatMessage(role="system", content=_instruction(config, fill(node, config.criteria, inputs)))]
        told += [ChatMessage(role="user", content="\n\n".join(_parts(inputs)))]
        reason = ""
        if config.explain:
            ask = ChatMessage(role="user", content="First give your reasons in three sentences, without a number.")
            request = ModelRequest(model=config.model, messages=(*told, ask), max_tokens=256)
            reason = (await ctx.model(request)).value.text.strip()
            told += [ask, ChatMessage(role="assistant", content=reason)]
        told += [ChatMessage(role="user", content=f"Answer with one number from 1 to {config.scale}.")]
        request = ModelRequest(model=config.model, messages=tuple(told), choices=config.steps, max_tokens=8)
        score = _score(config, (await ctx.model(request)).value, ctx.path)
        return Outcome(outputs={"score": score, "reason": reason}, handle=PASS if score >= config.enough else FAIL)


def _instruction(config: JudgeConfig, criteria: str) -> str:
    return (
        f"You judge a text by these criteria:\n{criteria}\n\n"
        f"1 means that it meets them not at all, {config.scale} that it meets them fully."
    )


def _parts(inputs: Mapping[str, Json]) -> Iterator[str]:
    for name, value in inputs.items():
        if name != "text":
            yield f"{name}:\n{as_text(value)}"
    yield f"Text to judge:\n{inputs['text']}"


def _score(config: JudgeConfig, reply: ModelReply, path: str) -> float:
    likely = {step: reply.scores[step] for step in config.steps if step in reply.scores}
    total = sum(likely.values())
    if total > 0:
        return round(sum(int(step) * share for step, share in likely.items()) / total, 4)
    answer = reply.text.strip()
    if answer not in config.steps:
        raise NodeError(
            f"The model answered {answer[:40]!r}, which is no number from 1 to {config.scale}.",
            where=path,
            fix="Use a stronger model, or one that tells likelihoods.",
        )
    return float(answer)
