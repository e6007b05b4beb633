"""Phase 8: limits that no run can keep, or that others make pointless."""

from __future__ import annotations

from pydantic import BaseModel

from ..diagnostics import Phrase
from .conditions import ALWAYS
from .draft import Draft

__all__ = ["check_budget"]


def check_budget(draft: Draft) -> None:
    """Report limits that every run would exceed, and limits of a part above those of the whole."""
    budget = draft.scope.document.budget
    _check_tool_calls(draft, budget.tool_calls)
    whole = _limits(draft, budget, "/budget", None)
    for inner in draft.every():
        for name, spec in inner.specs.items():
            path = f"{inner.place}/nodes/{name}/budget"
            for kind, part in _limits(draft, spec.budget, path, name).items():
                if kind in whole and part > whole[kind]:
                    problem = Phrase(
                        f"{name} may use {part:g} {kind}, more than the app's {whole[kind]:g}",
                        f"{name} 可用 {part:g} {kind}，超过应用的 {whole[kind]:g}",
                    )
                    inner.report("BG601", f"{path}/{kind}", node=name, problem=problem)
    day = _limits(draft, budget.per_day, "/budget/per_day", None)
    for kind, part in _limits(draft, budget.per_user, "/budget/per_user", None).items():
        if kind in day and part > day[kind]:
            problem = Phrase(
                f"one user may use {part:g} {kind} a day, more than the {day[kind]:g} of all together",
                f"每位用户每天可用 {part:g} {kind}，超过全体的 {day[kind]:g}",
            )
            draft.report("BG601", f"/budget/per_user/{kind}", problem=problem)


def _check_tool_calls(draft: Draft, limit: int | None) -> None:
    certain = [
        name
        for name in draft.order
        if draft.runs[name] == ALWAYS and draft.nodes[name].view.spec.type in ("tool", "http", "sql")
    ]
    if limit is not None and len(certain) > limit:
        named = ", ".join(certain)
        problem = Phrase(
            f"every run calls {len(certain)} tools ({named}), but tool_calls is {limit}",
            f"每次运行都要调用 {len(certain)} 个工具（{named}），而 tool_calls 为 {limit}",
        )
        draft.report("BG601", "/budget/tool_calls", problem=problem)


def _limits(draft: Draft, given: BaseModel | None, path: str, node: str | None) -> dict[str, float]:
    """Return the limits of a part; each must be above 0."""
    amounts = given.model_dump(exclude_none=True) if given else {}
    limits = {kind: float(amount) for kind, amount in amounts.items() if isinstance(amount, int | float)}
    for kind, amount in limits.items():
        if amount <= 0:
            problem = Phrase(f"{kind} must be more than 0", f"{kind} 必须大于 0")
            draft.report("BG601", f"{path}/{kind}", node=node, problem=problem)
    return limits
