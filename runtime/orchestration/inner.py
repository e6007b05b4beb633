"""Runs another app's graph inside a node: the same nodes, under the node's path, in the run's own journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from langgraph.errors import GraphInterrupt

from agents.graph import CompiledApp, CompiledNode

from ..base.errors import Json
from ..base.labels import Label, join
from .budget import Account, limits_of
from .errors import NoResult, TooDeep
from .frame import Frame
from .grants import granted
from .inputs import check_inputs
from .recovery import recover

__all__ = ["Inner"]

DEEPEST: Final = 16
"""How deep graphs run inside graphs at most, whatever the budget says."""


class Inner:
    """One graph within one attempt of a node.

    Args:
        frame: The graph in which the node stands.
        node: The node.
        path: Its node path.
        account: What it draws on.
        label: What led to it.
        seen: Told what a failure may repeat.
    """

    def __init__(
        self,
        frame: Frame,
        node: CompiledNode,
        path: str,
        account: Account,
        label: Label,
        *,
        seen: Callable[[Label], None],
    ) -> None:
        self._frame = frame
        self._node = node
        self._path = path
        self._account = account
        self._label = label
        self._seen = seen

    async def run(self, app: CompiledApp, inputs: dict[str, Json]) -> tuple[dict[str, Json], Label]:
        """Run a graph to its end and return its outputs and their label.

        Raises:
            GraphInterrupt: A node of it waits, or a failure around it has stopped it.
            InputInvalid: The inputs do not fit the app.
            TooDeep: It runs inside too many others.
            BaigongError: A node of it failed.
        """
        frame = self._open(app, check_inputs(app, inputs))
        await recover(frame)
        waiting = await frame.decide(tuple(app.nodes.values()), frame)
        if frame.failure is not None:
            self._seen(join(frame.labels.values()))
            raise frame.failure
        if waiting:
            raise waiting[0]
        if any(name not in frame.marks for name in app.nodes):
            raise GraphInterrupt
        end = next((name for name, node in app.nodes.items() if node.type == "end" and name in frame.ports), None)
        if end is None:
            raise NoResult("The app came to no end.", where=self._path, fix="Run: baigong check")
        return frame.ports[end], frame.labels[end]

    def _open(self, app: CompiledApp, inputs: dict[str, Json]) -> Frame:
        around = self._frame
        if around.depth + 1 > DEEPEST:
            fix = "Let the apps run fewer others inside each other."
            raise TooDeep(f"Apps run inside apps {DEEPEST} deep at most.", where=self._path, fix=fix)
        return Frame(
            segment=around.segment, app=app, nodes=app.nodes, evaluator=app.evaluator, inputs=inputs,
            decide=around.decide, account=self._budget(app), prefix=f"{self._path}/", label=self._label,
            caught=around.caught or self._node.on_error != "fail", halted=lambda: around.stopping,
            depth=around.depth + 1,
        )  # fmt: skip

    def _budget(self, app: CompiledApp) -> Account:
        """Return the app's own account, which draws on the node's: one for all attempts."""
        limits = limits_of(app)
        if not limits:
            return self._account
        segment, key = self._frame.segment, f"{self._path}/"
        if key not in segment.accounts:
            spent = segment.journal.memory.spent_below(self._path)
            on_exceed = app.document.budget.on_exceed or "stop"
            account = Account(
                limits, parent=self._account, spent=spent, name=self._path, level="flow", on_exceed=on_exceed
            )
            granted(segment, account)
            segment.accounts[key] = account
        return segment.accounts[key]
