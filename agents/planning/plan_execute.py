"""`plan_execute`: the model writes the whole plan first, the plan is checked, then carried out step by step.

The tools of a plan are fixed before any tool's output has been read. Source: Wang et al., "Plan-and-solve prompting"
(arXiv 2305.04091); Xu et al., "ReWOO" (arXiv 2305.18323).
"""

from __future__ import annotations

from typing import cast

from runtime.base.errors import Json

from ..context import ChatMessage, Context, ModelRequest, ToolCall
from ..errors import NodeError
from .base import Result, Strategy, Taken, Task
from .brief import Found, gather, opening
from .react import call

__all__ = ["PlanExecute"]


class PlanExecute(Strategy):
    """Plans with a schema that allows only the task's tools, runs the calls in order, then answers from the results."""

    async def run(self, ctx: Context, task: Task) -> Result:
        """Plan, act, answer."""
        found = await gather(ctx, task)
        planned = await self._plan(ctx, task, found)
        steps: list[Taken] = []
        results: list[str] = []
        for wanted in planned:
            step, message = await call(ctx, task, wanted)
            steps.append(step)
            results.append(f"{wanted.name}: {message.content}")
        reply = (await ctx.model(self._answer(task, found, results))).value
        return Result(answer=reply.text, steps=tuple(steps), citations=found.citations)

    async def _plan(self, ctx: Context, task: Task, found: Found) -> list[ToolCall]:
        if not task.tools:
            return []
        listed = "\n".join(f"- {tool.name}: {tool.description}" for tool in task.tools)
        ask = f"Tools:\n{listed}\n\nPlan the tool calls that reach the goal, in order, at most {task.max_steps}."
        messages = (*opening(task, found), ChatMessage(role="user", content=ask))
        request = ModelRequest(model=task.model, messages=messages, schema=_plan_schema(task))
        data = (await ctx.model(request)).value.data
        listed_steps = data.get("steps") if isinstance(data, dict) else None
        if not isinstance(listed_steps, list):
            raise NodeError("The model gave no plan.", where=ctx.path, fix="Use a stronger model or fewer tools.")
        return [_call(at, step) for at, step in enumerate(listed_steps[: task.max_steps])]

    def _answer(self, task: Task, found: Found, results: list[str]) -> ModelRequest:
        told = "\n".join(results) or "No tool was needed."
        ask = f"Results of the plan:\n{told}\n\nNow answer the goal from these results."
        messages = (*opening(task, found), ChatMessage(role="user", content=ask))
        return ModelRequest(model=task.model, messages=messages, stream="answer")


def _plan_schema(task: Task) -> dict[str, Json]:
    calls: list[Json] = [
        {
            "type": "object",
            "properties": {"tool": {"const": tool.name}, "arguments": cast("Json", dict(tool.schema))},
            "required": ["tool", "arguments"],
            "additionalProperties": False,
        }
        for tool in task.tools
    ]
    steps: dict[str, Json] = {"type": "array", "maxItems": task.max_steps, "items": {"anyOf": calls}}
    return {"type": "object", "properties": {"steps": steps}, "required": ["steps"], "additionalProperties": False}


def _call(at: int, step: Json) -> ToolCall:
    match step:
        case {"tool": str(name), "arguments": dict(arguments)}:
            return ToolCall(id=f"step{at + 1}", name=name, arguments=arguments)
        case _:
            raise NodeError(f"Step {at + 1} of the plan names no tool and arguments.", fix="Use a stronger model.")
