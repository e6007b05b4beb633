"""`guard`: lets a value pass that has a required shape and holds, or lacks, given patterns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, cast

from pydantic import Field

from runtime.base.errors import Json

from ..context import Context
from ..diagnostics import Diagnostic, Phrase, diagnose
from ..errors import ExpressionError, ValueMismatch
from ..expressions import Evaluator
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..types import JSON, STRING, ListOf, Type, coerce
from .base import NodeType, Outcome

__all__ = ["Guard", "GuardConfig"]

PASS, FAIL = "pass", "fail"
_TEXT = Evaluator({"text": STRING})


class GuardConfig(Config):
    """Keys of a `guard` node.

    `schema` is the shape: `{field: type}`, a type's name or `{schema: JSON Schema}`; a text is read as JSON where the
    shape is no text. `must` and `must_not` are regular expressions (RE2 syntax) that a text holds, or does not hold,
    somewhere.
    """

    schema_: Annotated[dict[str, Any] | str | None, Field(alias="schema")] = None
    must: list[str] = []
    must_not: list[str] = []


class Guard(NodeType):
    """Goes by `pass` with the value, or by `fail` with what is wrong with it."""

    manifest: ClassVar = Manifest(
        type="guard",
        group="control",
        en="Lets a value pass that has a given shape and matches given patterns.",
        zh="只放行符合指定结构和模式的值。",
        config=GuardConfig,
    )

    def surface(self, view: NodeView) -> Surface:
        """Take a value; give it on in its shape, or the problems."""
        config = view.config_as(GuardConfig)
        kind = JSON if config.schema_ is None else view.scope.inline_type(config.schema_, view.id)
        texts = config.schema_ is None and bool(config.must or config.must_not)
        return Surface(
            inputs={"value": Port(type=STRING if texts else JSON, generic=not texts)},
            outputs={
                "value": Port(type=STRING if texts else kind, only=PASS),
                "problems": Port(type=ListOf(STRING)),
            },
            handles=(PASS, FAIL),
        )

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """Something must be asked for, and every pattern must be one."""
        config = view.config_as(GuardConfig)
        if config.schema_ is None and not config.must and not config.must_not:
            problem = Phrase("say schema, must or must_not", "请写 schema、must 或 must_not")
            yield diagnose("BG105", view.pointer, node=view.id, where=view.id, problem=problem)
        for key in ("must", "must_not"):
            for at, pattern in enumerate(getattr(config, key)):
                try:
                    _matches(pattern, "")
                except ExpressionError:
                    problem = Phrase(f"{pattern!r} is no RE2 pattern", f"{pattern!r} 不是 RE2 模式")
                    where = f"{view.id}.{key}"
                    yield diagnose("BG105", f"{view.pointer}/{key}/{at}", node=view.id, where=where, problem=problem)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Check the value."""
        config = node.config_as(GuardConfig)
        value = inputs.get("value")
        problems = [*_patterns(config, value)]
        if config.schema_ is not None:
            value, wrong = _shaped(value, node.outputs["value"].type)
            problems += wrong
        if problems:
            return Outcome(outputs={"problems": [*problems]}, handle=FAIL)
        return Outcome(outputs={"value": value, "problems": []}, handle=PASS)


def _patterns(config: GuardConfig, value: Json) -> Iterator[str]:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    for pattern in config.must:
        if not _matches(pattern, text):
            yield f"it does not hold {pattern!r}"
    for pattern in config.must_not:
        if _matches(pattern, text):
            yield f"it holds {pattern!r}"


def _matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text, in time linear in its length."""
    return _TEXT.evaluate(f"text.matches({json.dumps(pattern, ensure_ascii=False)})", {"text": text}) is True


def _shaped(value: Json, kind: Type) -> tuple[Json, list[str]]:
    """Return the value in its shape, or what is wrong with it."""
    if isinstance(value, str) and kind != STRING:
        try:
            value = cast("Json", json.loads(value))
        except ValueError as error:
            return None, [f"it is no JSON: {error}"]
    try:
        return coerce(value, kind, "value"), []
    except ValueMismatch as error:
        return None, [error.message]
