"""Runs another app's graph inside a node: the same nodes, under the node's path, in the run's own journal."""

from __future__ import annotations

from typing import Final

from agents.graph import CompiledApp

from ..base.errors import Json
from ..base.labels import Label
from .budget import Account, limits_of
from .errors import NoResult, TooDeep
from .frame import Frame
from .grants import granted
from .inputs import check_inputs
from .within import Attempt, run_all

__all__ = ["run_app"]

DEEPEST: Final = 16
"""How deep graphs run inside graphs at most, whatever the budget says."""


async def run_app(attempt: Attempt, app: CompiledApp, inputs: dict[str, Json]) -> tuple[dict[str, Json], Label]:
    """Run an app's graph to its end and return its outputs and their label.

    Raises:
        GraphInterrupt: A node of it waits, or a failure around it has stopped it.
        InputInvalid: The inputs do not fit the app.
        TooDeep: It runs inside too many others.
        BaigongError: A node of it failed.
    """
    frame = _open(attempt, app, check_inputs(app, inputs))
    await run_all(frame, attempt)
    end = next((name for name, node in app.nodes.items() if node.type == "end" and name in frame.ports), None)
    if end is None:
        raise NoResult("The app came to no end.", where=attempt.path, fix="Run: baigong check")
    return frame.ports[end], frame.labels[end]


def _open(attempt: Attempt, app: CompiledApp, inputs: dict[str, Json]) -> Frame:
    around = attempt.frame
    if around.depth + 1 > DEEPEST:
        fix = "Let the apps run fewer others inside each other."
        raise TooDeep(f"Apps run inside apps {DEEPEST} deep at most.", where=attempt.path, fix=fix)
    return Frame(
        segment=around.segment, app=app, nodes=app.nodes, evaluator=app.evaluator, inputs=inputs,
        decide=around.decide, account=_account(attempt, app), prefix=f"{attempt.path}/", label=attempt.label,
        caught=attempt.caught, halted=lambda: around.stopping, depth=around.depth + 1,
    )  # fmt: skip


def _account(attempt: Attempt, app: CompiledApp) -> Account:
    """Return the app's own account, which draws on the node's: one for all attempts."""
    limits = limits_of(app, depth=attempt.frame.depth + 1)
    if not limits:
        return attempt.account
    segment, key = attempt.frame.segment, f"{attempt.path}/"
    if key not in segment.accounts:
        spent = segment.journal.memory.spent_below(attempt.path)
        on_exceed = app.document.budget.on_exceed or "stop"
        account = Account(
            limits, parent=attempt.account, spent=spent, name=attempt.path, level="flow", on_exceed=on_exceed
        )
        granted(segment, account)
        segment.accounts[key] = account
    return segment.accounts[key]
