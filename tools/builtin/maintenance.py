"""`maintenance`: a plan out of manuals, by structure and not by a model.

A manual has, under the heading of a fault, a heading for the procedure and under it a numbered list. Each item becomes
a step whose citation is the very text it was taken from, so that every step can be checked against its source.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from ..policy import Policy
from ..signals.faithful import keep
from ..spec import module_server
from .serving import serve

if TYPE_CHECKING:
    from fastmcp import FastMCP

__all__ = ["SERVER", "build", "draft"]

SERVER = module_server(
    "tools.builtin.maintenance",
    policies={
        name: Policy(effect_class="pure", effect="none", reads="trusted", private=False, approval="never")
        for name in ("draft_plan", "check_text")
    },
)

ITEM = re.compile(r"(?m)^\s*(\d{1,2})[.、．)]\s*(.+?)(?=\n\s*\d{1,2}[.、．)]\s|\n\s*\n|\n#|\Z)", re.DOTALL)
PROCEDURE = re.compile(r"(?im)^#{2,4}\s*(procedure|处理步骤)\b.*$|^#{2,4}\s*处理步骤.*$")
FAULT = re.compile(r"(?m)^##\s.*[(（]([a-z_]+)[)）]\s*$")


class Passage(TypedDict):
    """A retrieved passage."""

    id: NotRequired[str]
    text: str
    document: NotRequired[str]
    page: NotRequired[int | None]
    start: NotRequired[int]
    end: NotRequired[int]
    score: NotRequired[float]
    heading: NotRequired[str | None]


class Citation(TypedDict):
    """Where a step comes from; `start` and `end` count characters of the document."""

    id: str
    document: str
    start: int
    end: int
    quote: str


class Step(TypedDict):
    """A step of a plan."""

    title: str
    citations: list[Citation]


class Plan(TypedDict):
    """Steps in their order and the citations of all; empty when no passage holds a procedure for the fault."""

    steps: list[Step]
    citations: list[Citation]


class Checked(TypedDict):
    """The sentences that were kept, and how many were not."""

    text: str
    dropped: int


def draft(passages: list[Passage], fault: str, *, manual: str = "", limit: int = 12) -> Plan:
    """Return the steps of the fault's procedure, in the manual's order.

    Args:
        passages: Passages in rank order.
        fault: Id of the fault, such as `bearing_wear`.
        manual: How the document's name begins, such as `pump.en`; empty takes the best passage's document.
        limit: How many steps at the most.
    """
    about = [one for one in passages if _about(one, fault) and one.get("document", "").startswith(manual)]
    found = [(one, steps) for one in about if (steps := _steps(one))]
    if not found:
        return {"steps": [], "citations": []}
    document = found[0][0].get("document")
    merged: dict[int, Step] = {}
    for passage, steps in found:
        if passage.get("document") == document:
            merged.update({step["citations"][0]["start"]: step for step in steps})
    chosen = [merged[start] for start in sorted(merged)][:limit]
    return {"steps": chosen, "citations": [citation for step in chosen for citation in step["citations"]]}


def _about(passage: Passage, fault: str) -> bool:
    return (
        fault in (passage.get("heading") or "") or f"({fault})" in passage["text"] or f"（{fault}）" in passage["text"]
    )


def _steps(passage: Passage) -> list[Step]:
    text = passage["text"]
    heading = passage.get("heading") or ""
    found = PROCEDURE.search(text)
    if found is None and not re.search(r"(?i)procedure|处理步骤", heading):
        return []
    begin = found.end() if found else 0
    stop = next((one.start() for one in re.finditer(r"(?m)^#{2,4}\s", text) if one.start() > begin), len(text))
    steps: list[Step] = []
    for match in ITEM.finditer(text, begin, stop):
        quote = match[2].strip()
        start = passage.get("start", 0) + match.start(2)
        citation: Citation = {
            "id": f"{passage.get('id', '')}#{match[1]}",
            "document": passage.get("document", ""),
            "start": start,
            "end": start + len(quote),
            "quote": quote,
        }
        steps.append({"title": " ".join(quote.split()), "citations": [citation]})
    return steps


def build() -> FastMCP[Any]:
    """Return the server."""
    from fastmcp import FastMCP

    server: FastMCP[Any] = FastMCP("maintenance")

    @server.tool(description="Draft a maintenance plan from manual passages. 从手册段落中起草维修计划。")
    def draft_plan(  # pyright: ignore[reportUnusedFunction]
        passages: Annotated[list[Passage], Field(description="Passages in rank order. 按相关性排序的段落。")],
        fault: Annotated[str, Field(description="Fault id, such as bearing_wear. 故障标识。")],
        manual: Annotated[str, Field(description="How the manual's name begins. 手册名称的开头。")] = "",
        limit: Annotated[int, Field(description="Most steps. 步骤数上限。", ge=1, le=50)] = 12,
    ) -> Plan:
        return draft(passages, fault, manual=manual, limit=limit)

    @server.tool(
        description="Keep of a text only the sentences that the given facts carry. 只保留文本中有事实依据的句子。"
    )
    def check_text(  # pyright: ignore[reportUnusedFunction]
        text: Annotated[str, Field(description="English prose. 英文文本。")],
        facts: Annotated[list[str], Field(description="What it may say. 允许陈述的事实。")],
    ) -> Checked:
        kept, dropped = keep(text, facts)
        return {"text": kept, "dropped": dropped}

    return server


if __name__ == "__main__":
    serve(build())
