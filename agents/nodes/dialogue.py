"""What nodes that talk to a model share: prompts, history, and the checks of both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from runtime.base.errors import Json

from ..context import ChatMessage, Context
from ..diagnostics import Diagnostic, Phrase, diagnose, hint, nearest
from ..expressions import bare, parse_value
from ..graph import CompiledNode
from ..manifest import Site
from ..modelcall import Role
from ..scope import NodeView
from ..templates import parse_template
from ..types import MESSAGE, ListOf

__all__ = ["as_text", "check_model", "check_text", "fill", "history_site", "messages", "not_in_bundle", "read_history"]

CHARS_PER_TOKEN = 8
"""A text of n characters has at least n / 8 tokens in every tokenizer we know (long English words, code indents)."""


def check_model(
    view: NodeView, alias: str, needs: set[str], *, prompt: str = "", reserve: int = 0
) -> Iterator[Diagnostic]:
    """Yield what is wrong with a node's choice of model: not declared, lacking a capability, too short a context."""
    declared = view.scope.document.requires.models
    path = f"{view.pointer}/model"
    if alias not in declared:
        text = hint(alias, declared, prefix=Phrase("Declared", "已声明"))
        yield diagnose("BG401", path, node=view.id, name=alias, hint=text)
        return
    known = view.scope.models(alias)
    for capability in sorted(needs):
        if known and not any(capability in model.caps for model in known):
            yield diagnose("BG403", path, node=view.id, name=alias, capability=capability, owner=view.id)
    limit = max((model.context for model in known), default=0)
    least = len(prompt) // CHARS_PER_TOKEN + reserve
    if known and least > limit:
        yield diagnose("BG408", path, node=view.id, owner=view.id, tokens=least, name=alias, limit=limit)


def check_text(view: NodeView, key: str, value: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with a prompt or template: its file, its blocks, its names, its expressions."""
    scope = view.scope
    path = f"{view.pointer}{key}"
    shown = value if scope.is_file(value) else key.removeprefix("/")
    if scope.is_file(value) and value not in scope.bundle.files:
        near = nearest(value, scope.bundle.files)
        yield diagnose("BG108", path, node=view.id, name=value, problem=not_in_bundle(near))
        return
    for problem in parse_template(scope.text(value)).check(view.inputs):
        if problem.name is not None:
            near = hint(problem.name, view.inputs, prefix=Phrase("It takes", "它接受"))
            yield diagnose("BG412", path, node=view.id, text=shown, name=problem.name, owner=view.id, hint=near)
        else:
            yield diagnose(problem.code, path, problem.names, node=view.id)


def not_in_bundle(near: str | None) -> Phrase:
    """Say that a file is not in the bundle, and which one is like it."""
    if near is None:
        return Phrase("it is not in the bundle", "包中没有该文件")
    return Phrase(f"it is not in the bundle; did you mean {near!r}?", f"包中没有该文件；您是否想写 {near!r}？")


def history_site(history: str | None) -> Iterable[Site]:
    """Return the place of `history` when it is an expression or the session."""
    if history is None:
        return ()
    binding = bare("session.messages") if history == "session" else parse_value(history)
    return (Site(key="/history", binding=binding, expects=ListOf(MESSAGE)),)


async def read_history(ctx: Context, node: CompiledNode, history: str | None, limit: int) -> list[ChatMessage]:
    """Return the last messages that fit into `limit` tokens, by the host's count of four characters a token."""
    if history is None:
        return []
    if history == "session":
        found: Json = list((await ctx.session()).value.messages)
    else:
        found = ctx.evaluate(node.sites["/history"])
    kept: list[ChatMessage] = []
    room = limit * 4
    for message in reversed(found if isinstance(found, list) else []):
        if not isinstance(message, dict):
            continue
        content = str(message.get("content", ""))
        room -= len(content)
        if room < 0:
            break
        kept.append(ChatMessage(role=cast("Role", message.get("role", "user")), content=content))
    return kept[::-1]


def messages(
    node: CompiledNode,
    inputs: Mapping[str, Json],
    *,
    system: str | None,
    prompt: str,
    history: list[ChatMessage],
) -> tuple[ChatMessage, ...]:
    """Render system text and prompt from the node's own names and put the history between them."""
    head = [ChatMessage(role="system", content=fill(node, system, inputs))] if system else []
    return (*head, *history, ChatMessage(role="user", content=fill(node, prompt, inputs)))


def fill(node: CompiledNode, value: str, inputs: Mapping[str, Json]) -> str:
    """Render a prompt, given as a text or as the name of a file of the bundle, from the node's own names."""
    return parse_template(node.texts.get(value, value)).render(inputs, node.ports)


def as_text(value: Json) -> str:
    """Return a value as a model reads it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
