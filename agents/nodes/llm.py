"""`llm`: one model call, as text or as data of a schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from runtime.base.errors import Json

from ..context import Context, ModelRequest
from ..diagnostics import Diagnostic
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Site, Surface
from ..scope import NodeView
from ..types import STRING, USAGE, coerce, to_schema
from .base import NodeType, Outcome
from .dialogue import check_model, check_text, history_site, messages, read_history

__all__ = ["Llm", "LlmConfig"]


class LlmConfig(Config):
    """Keys of an `llm` node; `prompt` and `system` are a text or a file of the bundle."""

    model: str
    prompt: str
    system: str | None = None
    schema_: Annotated[dict[str, Any] | str | None, Field(alias="schema")] = None
    history: str | None = None
    history_tokens: Annotated[int, Field(ge=0)] = 1000
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float | int, Field(ge=0, le=2)] = 0


class Llm(NodeType):
    """Asks a model once."""

    manifest: ClassVar = Manifest(
        type="llm",
        group="model",
        en="Asks a model, for text or for data of a given shape.",
        zh="调用一次模型，得到文本或指定结构的数据。",
        config=LlmConfig,
        accepts=frozenset({"on_error", "retry", "timeout", "budget", "cache"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take any names; give text, usage and, with a schema, data."""
        outputs = {"text": Port(type=STRING, streaming=True), "usage": Port(type=USAGE)}
        schema = view.config_as(LlmConfig).schema_
        if schema is not None:
            outputs["data"] = Port(type=view.scope.inline_type(schema, view.id))
        return Surface(open=True, outputs=outputs)

    def sites(self, view: NodeView) -> Iterable[Site]:
        """`history` may be an expression."""
        return history_site(view.config_as(LlmConfig).history)

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """Check the model's abilities and the prompt's names."""
        config = view.config_as(LlmConfig)
        yield from check_model(view, config.model, {"chat"}, prompt=config.prompt, reserve=config.max_tokens or 0)
        yield from check_text(view, "/prompt", config.prompt)
        if config.system is not None:
            yield from check_text(view, "/system", config.system)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Render the prompt, call the model and, with a schema, read its answer."""
        config = node.config_as(LlmConfig)
        kind = node.outputs.get("data")
        history = await read_history(ctx, node, config.history, config.history_tokens)
        request = ModelRequest(
            model=config.model,
            messages=messages(node, inputs, system=config.system, prompt=config.prompt, history=history),
            schema=to_schema(kind.type) if kind else None,
            max_tokens=config.max_tokens,
            temperature=float(config.temperature),
            stream="text",
        )
        reply = (await ctx.model(request)).value
        outputs: dict[str, Json] = {"text": reply.text, "usage": reply.usage}
        if kind:
            outputs["data"] = coerce(reply.data, kind.type, f"{node.id}.data")
        return Outcome(outputs=outputs)
