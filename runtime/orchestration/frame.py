"""What a running segment of a run holds in memory; all of it can be rebuilt from the journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from langgraph.errors import GraphInterrupt

from agents.expressions import Evaluator
from agents.graph import CompiledApp, CompiledNode, Edge, Need
from agents.types import reduce

from ..base.errors import Json
from ..base.labels import APP, USER, Confidentiality, Integrity, Label, join
from .budget import Account
from .journal import SKIPPED

if TYPE_CHECKING:
    from .segment import Segment

__all__ = ["Frame", "current", "enter", "open_frame"]

CONVERSATION = Label(Integrity.UNTRUSTED, Confidentiality.WORKSPACE)
"""A conversation may hold what any run of its session has heard."""

_CURRENT: ContextVar[Frame] = ContextVar("baigong_frame")


Decide: TypeAlias = Callable[[tuple[CompiledNode, ...], "Frame"], Awaitable[list[GraphInterrupt]]]


def _never() -> bool:
    return False


@dataclass(kw_only=True, slots=True, eq=False)
class Frame:
    """One graph of one run while it runs: the app's own, one that a node runs under its path, or a container's body.

    Args:
        segment: The run's segment, shared by all its frames.
        app: The compiled app.
        nodes: The nodes of this graph.
        evaluator: Evaluates its expressions.
        inputs: Inputs of the app, coerced, with defaults filled in.
        decide: Runs nodes of a frame until none can go on and returns the interrupts of those that wait.
        account: What its nodes draw on.
        prefix: What stands before its nodes' ids in a node path.
        label: Label of the inputs; of a body, that of what led to this pass.
        names: Values of the names that a body knows beside its nodes.
        around: The frame in which the container stands, of a body.
        outside: What expressions of a body know from around it.
        caught: Whether something around a body copes with its failure.
        depth: Inside how many other apps it runs.
        halted: Whether another pass through the same body has failed in a way that ends them all.
        state: Values of the state keys.
    """

    segment: Segment
    app: CompiledApp
    nodes: Mapping[str, CompiledNode]
    evaluator: Evaluator
    inputs: dict[str, Json]
    decide: Decide
    account: Account
    prefix: str = ""
    label: Label = USER
    names: Mapping[str, Json] = field(default_factory=dict[str, Json])
    around: Frame | None = None
    outside: dict[str, Json] | None = None
    caught: bool = False
    halted: Callable[[], bool] = _never
    depth: int = 0
    state: dict[str, Json] = field(default_factory=dict[str, Json])
    state_labels: dict[str, Label] = field(default_factory=dict[str, Label])
    written: set[str] = field(default_factory=set[str])
    marks: dict[str, str] = field(default_factory=dict[str, str])
    ports: dict[str, dict[str, Json]] = field(default_factory=dict[str, dict[str, Json]])
    labels: dict[str, Label] = field(default_factory=dict[str, Label])
    failure: BaseException | None = None

    @property
    def stopping(self) -> bool:
        """Whether a failure, here or around this graph, lets no more nodes begin."""
        if self.failure is not None or self.halted() or self.segment.draining:
            return True
        return self.around is not None and self.around.stopping

    def live(self, node: CompiledNode) -> bool:
        """Whether a node whose predecessors are all decided runs; the only node that is to run always does."""
        if self._only == node.id:
            return True
        if node.edges and not any(self._leads(edge) for edge in node.edges):
            return False
        if node.arms:
            return any(self.came(node, arm) for arm in node.arms)
        return all(self._present(need) for need in node.needs)

    def came(self, node: CompiledNode, arm: str) -> bool:
        """Whether all that an arm of a join needs is there."""
        return all(self._present(need) for need in node.arms[arm])

    def reached(self, node: CompiledNode) -> bool:
        """Whether a node can be decided: all that it waits for is, or it is a join that need not wait."""
        decided = self._only == node.id or all(name in self.marks for name in node.predecessors)
        return decided or self.arrived(node)

    def arrived(self, node: CompiledNode) -> bool:
        """Whether a join can run, even if some of its arms are not decided: by the arm that it took before, if any."""
        if not node.arms or any(edge.source not in self.marks for edge in node.edges):
            return False
        chosen = self.segment.journal.memory.chosen.get(f"{self.prefix}{node.id}")
        if chosen is not None and chosen in node.arms:
            return self.came(node, chosen)
        return any(self.came(node, arm) for arm in node.arms)

    def seen(self, node: CompiledNode) -> Label:
        """Return the label of what the node reads and of the decisions that led to it."""
        told = (CONVERSATION,) if node.reads_session else ()
        read = (self.label_of(name) for name in node.reads)
        return join((self.label, node.control, *read, *told, *self._state_seen(node)))

    def label_of(self, name: str) -> Label:
        """Return the label of a node of this graph or of one around it."""
        if name in self.nodes or self.around is None:
            return self.labels.get(name, APP)
        return self.around.label_of(name)

    def values(self) -> dict[str, Json]:
        """Return the roots of this graph's expressions; a node that has no ports is an empty record."""
        segment = self.segment
        roots: dict[str, Json]
        if self.outside is not None:
            roots = {**self.outside, **self.names}
        else:
            roots = {
                "inputs": self.inputs,
                "state": self.state,
                "session": segment.session_value(),
                "run": segment.run_value(),
            }
        for name in self.nodes:
            roots[name] = self.ports.get(name, {})
        return roots

    def write(self, key: str, value: Json, label: Label) -> Json:
        """Write a state key through its reducer and return its new value."""
        spec = self.app.state[key]
        self.state[key] = reduce(spec.reducer, self.state.get(key), value)
        self.state_labels[key] = self.state_labels.get(key, APP).join(label)
        self.written.add(key)
        return self.state[key]

    def result(self) -> dict[str, Json] | None:
        """Return the outputs of the end that ran, or of the only node that was to run, or None."""
        if self._only is not None:
            return self.ports.get(self._only)
        for node in self.nodes.values():
            if node.type == "end" and node.id in self.ports:
                return self.ports[node.id]
        return None

    @property
    def _only(self) -> str | None:
        return self.segment.journal.memory.only if self.around is None and not self.prefix else None

    def _leads(self, edge: Edge) -> bool:
        mark = self.marks[edge.source]
        if mark == SKIPPED:
            return False
        return mark == edge.handle if edge.handle is not None else mark != "error"

    def _present(self, need: Need) -> bool:
        value = self._root(need.root)
        if value is None:
            return False
        for step in need.path:
            if not isinstance(value, dict) or step not in value:
                return False
            value = value[step]
        return True

    def _root(self, name: str) -> Json:
        if name in self.names:
            return self.names[name]
        return self.inputs if name == "inputs" else self.ports.get(name)

    def _state_seen(self, node: CompiledNode) -> list[Label]:
        return list(self.state_labels.values()) if node.reads_state else []


def open_frame(
    segment: Segment,
    app: CompiledApp,
    inputs: dict[str, Json],
    decide: Decide,
    *,
    prefix: str = "",
    label: Label = USER,
) -> Frame:
    """Return the frame of an app's own graph."""
    return Frame(
        segment=segment, app=app, nodes=app.nodes, evaluator=app.evaluator, inputs=inputs, decide=decide,
        account=segment.account, prefix=prefix, label=label,
    )  # fmt: skip


def enter(frame: Frame) -> None:
    """Make a frame the current one of this task and the tasks that it starts."""
    _CURRENT.set(frame)


def current() -> Frame:
    """Return the frame of the run that this task works for."""
    return _CURRENT.get()
