"""Phase 8: what surrounds the graph. The chat turn."""

from __future__ import annotations

from ..diagnostics import Phrase, hint
from ..types import STRING
from .draft import Draft

__all__ = ["chat_turn"]


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
