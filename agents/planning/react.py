"""`react`: the model calls tools turn by turn until it answers.

Source: Yao et al., "ReAct: synergizing reasoning and acting in language models" (arXiv 2210.03629), with native tool
calls in the place of parsed text.
"""

from __future__ import annotations

import json

from runtime.base.errors import BaigongError

from ..context import ChatMessage, Context, ModelRequest, ToolCall, ToolRequest
from .base import Result, Strategy, Taken, Task
from .brief import gather, opening

__all__ = ["React", "call"]


class React(Strategy):
    """Lets the model choose tools until it gives an answer without a call, or the steps are used up."""

    async def run(self, ctx: Context, task: Task) -> Result:
        """Loop over model turns and the calls they ask for."""
        found = await gather(ctx, task)
        messages = list(opening(task, found))
        steps: list[Taken] = []
        text = ""
        for _ in range(task.max_steps):
            request = ModelRequest(model=task.model, messages=tuple(messages), tools=task.tools, stream="answer")
            reply = (await ctx.model(request)).value
            text = reply.text
            if not reply.calls:
                return Result(answer=text, steps=tuple(steps), citations=found.citations)
            messages.append(ChatMessage(role="assistant", content=text, calls=reply.calls))
            for wanted in reply.calls:
                step, message = await call(ctx, task, wanted)
                steps.append(step)
                messages.append(message)
        return Result(answer=text, steps=tuple(steps), citations=found.citations, status="out_of_steps")


async def call(ctx: Context, task: Task, wanted: ToolCall) -> tuple[Taken, ChatMessage]:
    """Make one call; a tool's own failure goes back to the model, which may try something else."""
    shown = json.dumps(wanted.arguments, ensure_ascii=False)
    try:
        if wanted.name not in {tool.name for tool in task.tools}:
            return _failed(wanted, f"there is no tool {wanted.name!r}")
        request = ToolRequest(tool=wanted.name, arguments=wanted.arguments, approve=task.approve)
        result = (await ctx.tool(request)).value
    except BaigongError as error:
        if error.exit_code != 1:
            raise
        return _failed(wanted, str(error))
    step = Taken(title=wanted.name, detail=shown)
    return step, ChatMessage(role="tool", content=result.text, call_id=wanted.id)


def _failed(wanted: ToolCall, problem: str) -> tuple[Taken, ChatMessage]:
    step = Taken(title=wanted.name, detail=problem, status="failed")
    return step, ChatMessage(role="tool", content=f"Error: {problem}", call_id=wanted.id)
