"""What a model is told before it starts: instructions, material, passages, history and the goal."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.base.errors import Json

from ..context import ChatMessage, Context, RetrieveRequest
from .base import Task

__all__ = ["Found", "gather", "opening"]

INSTRUCTION = (
    "You work towards a goal. Use only the material and the tools that you are given. "
    "Answer in the language of the goal."
)


@dataclass(frozen=True, slots=True)
class Found:
    """Passages for the goal: their numbered text and their citations."""

    text: str
    citations: tuple[dict[str, Json], ...]


async def gather(ctx: Context, task: Task) -> Found:
    """Search every base of the task with the goal."""
    texts: list[str] = []
    citations: list[dict[str, Json]] = []
    for base in task.knowledge:
        reply = (await ctx.retrieve(RetrieveRequest(base=base, query=task.goal))).value
        texts.append(reply.text)
        citations.extend(reply.citations)
    return Found("\n\n".join(text for text in texts if text), tuple(citations))


def opening(task: Task, found: Found) -> tuple[ChatMessage, ...]:
    """Return the first messages of the task's conversation."""
    parts = [f"{name}:\n{text}" for name, text in task.material.items()]
    if found.text:
        parts.append(f"Passages:\n{found.text}")
    parts.append(f"Goal: {task.goal}")
    return (
        ChatMessage(role="system", content=task.system or INSTRUCTION),
        *task.history,
        ChatMessage(role="user", content="\n\n".join(parts)),
    )
