"""`direct`: one model call with the passages that the goal finds; no tools."""

from __future__ import annotations

from ..context import Context, ModelRequest
from .base import Result, Strategy, Taken, Task
from .brief import gather, opening

__all__ = ["Direct"]


class Direct(Strategy):
    """Searches the bases once with the goal and answers."""

    async def run(self, ctx: Context, task: Task) -> Result:
        """Search, then answer."""
        found = await gather(ctx, task)
        request = ModelRequest(model=task.model, messages=opening(task, found), stream="answer")
        reply = (await ctx.model(request)).value
        steps = (Taken(title="answer"),)
        return Result(answer=reply.text, steps=steps, citations=found.citations)
