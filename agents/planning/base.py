"""What a planning strategy gets, does and returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from runtime.base.errors import Json

from ..context import ChatMessage, Context, ToolOffer

__all__ = ["Result", "Strategy", "Taken", "Task"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A goal and the means to reach it.

    Args:
        goal: What to reach, in words.
        material: Further named inputs, as texts.
        model: The app's name of the model.
        system: The agent's instructions, or None.
        tools: Tools it may call.
        knowledge: Bases it may search.
        history: Earlier messages of the conversation.
        max_steps: How many model turns it may take.
        approve: When a person must agree to a tool call.
    """

    goal: str
    model: str
    material: dict[str, str]
    system: str | None = None
    tools: tuple[ToolOffer, ...] = ()
    knowledge: tuple[str, ...] = ()
    history: Sequence[ChatMessage] = ()
    max_steps: int = 8
    approve: Literal["effects", "always", "never"] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A step that was taken."""

    title: str
    detail: str = ""
    status: Literal["done", "failed"] = "done"

    def to_json(self) -> dict[str, Json]:
        """Return it as a `Step`."""
        return {"title": self.title, "detail": self.detail, "status": self.status}


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """The answer, the steps taken, the citations found on the way, and how it ended."""

    answer: str
    steps: tuple[Taken, ...] = ()
    citations: tuple[dict[str, Json], ...] = ()
    status: Literal["done", "out_of_steps"] = "done"


class Strategy(ABC):
    """A way to reach a goal. Instances hold no state."""

    @abstractmethod
    async def run(self, ctx: Context, task: Task) -> Result:
        """Work towards the goal through `ctx`.

        Raises:
            BaigongError: A model or tool failed in a way that the strategy cannot mend.
        """
