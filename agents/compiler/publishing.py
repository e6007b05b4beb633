"""Phase 8: what surrounds the graph. The chat turn and the budget."""

from __future__ import annotations

from ..diagnostics import Phrase, hint
from ..types import STRING
from .conditions import ALWAYS
from .draft import Draft
from .flow import tools_of

__all__ = ["chat_turn", "check_budget"]


def chat_turn(draft: Draft) -> tuple[str | None, str | None]:
    """Return the input and the output that make a turn of a conversation, or None for each that is unclear.

    Unclear is an error only where the app is published on a surface that talks.
    """
    document = draft.scope.document
    publish = document.publish
    given = publish.chat
    talks = given is not None or publish.openai or publish.widget is not None
    messages = [name for name, port in draft.inputs.items() if port.type == STRING and port.required]
    replies = [name for name, kind in draft.scope.outputs.items() if kind == STRING]
    message = _named(draft, given.message if given else None, "inputs", messages, [*draft.inputs], talks=talks)
    reply = _named(draft, given.reply if given else None, "outputs", replies, [*draft.scope.outputs], talks=talks)
    return message, reply


def _named(
    draft: Draft, written: str | None, root: str, candidates: list[str], known: list[str], *, talks: bool
) -> str | None:
    key = "message" if root == "inputs" else "reply"
    if written is None:
        if len(candidates) == 1:
            return candidates[0]
        if talks:
            count = Phrase("no", "没有") if not candidates else Phrase("more than one", "有多个")
            problem = Phrase(
                f"there is {count.en} string among the {root}; name one as {key}: {root}.…",
                f"{root} 中{count.zh} string；请用 {key}: {root}.… 指明一个",
            )
            draft.report("BG603", "/publish", problem=problem, hint="")
        return None
    prefix, _, name = written.partition(".")
    if prefix != root or name not in known:
        problem = Phrase(f"{written!r} is not one of the {root}", f"{root} 中没有 {written!r}")
        draft.report("BG603", f"/publish/chat/{key}", problem=problem, hint=hint(name, known))
        return None
    return name


def check_budget(draft: Draft) -> None:
    """Report limits that every run would exceed, and limits of a node above those of the app."""
    document = draft.scope.document
    limit = document.budget.tool_calls
    certain = [
        name
        for name in draft.order
        if draft.runs[name] == ALWAYS
        and draft.nodes[name].view.spec.type == "tool"
        and list(tools_of(draft.scope, draft.nodes[name]))
    ]
    if limit is not None and len(certain) > limit:
        named = ", ".join(certain)
        problem = Phrase(
            f"every run calls {len(certain)} tools ({named}), but tool_calls is {limit}",
            f"每次运行都要调用 {len(certain)} 个工具（{named}），而 tool_calls 为 {limit}",
        )
        draft.report("BG601", "/budget/tool_calls", problem=problem)
    for kind in ("usd", "tokens", "seconds", "tool_calls"):
        whole = getattr(document.budget, kind)
        if whole is not None and whole <= 0:
            draft.report(
                "BG601", f"/budget/{kind}", problem=Phrase(f"{kind} must be more than 0", f"{kind} 必须大于 0")
            )
        for inner in draft.every():
            _check_parts(inner, kind, whole)


def _check_parts(draft: Draft, kind: str, whole: float | None) -> None:
    for name, spec in draft.specs.items():
        part = getattr(spec.budget, kind) if spec.budget else None
        if part is not None and whole is not None and part > whole:
            problem = Phrase(
                f"{name} may use {part} {kind}, more than the app's {whole}",
                f"{name} 可用 {part} {kind}，超过应用的 {whole}",
            )
            draft.report("BG601", f"{draft.place}/nodes/{name}/budget/{kind}", node=name, problem=problem)
