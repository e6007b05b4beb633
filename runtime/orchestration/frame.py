"""What a running segment of a run holds in memory; all of it can be rebuilt from the journal."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.graph import CompiledApp, CompiledNode, Edge, Need
from agents.types import reduce

from ..base.errors import Json
from ..base.labels import APP, USER, Confidentiality, Integrity, Label, join
from .journal import SKIPPED

if TYPE_CHECKING:
    from .segment import Segment

__all__ = ["Frame", "current", "enter"]

CONVERSATION = Label(Integrity.UNTRUSTED, Confidentiality.WORKSPACE)
"""A conversation may hold what any run of its session has heard."""

_CURRENT: ContextVar[Frame] = ContextVar("baigong_frame")


@dataclass(kw_only=True, slots=True, eq=False)
class Frame:
    """One graph of one run while it runs: the app's own graph, or one that a node runs under its path.

    Args:
        segment: The run's segment, shared by all its frames.
        app: The compiled graph.
        prefix: Node path of the node that runs this graph, with a slash, or empty.
        inputs: Inputs of the graph, coerced, with defaults filled in.
        label: Label of the inputs.
        state: Values of the state keys.
    """

    segment: Segment
    app: CompiledApp
    inputs: dict[str, Json]
    prefix: str = ""
    label: Label = USER
    state: dict[str, Json] = field(default_factory=dict[str, Json])
    state_labels: dict[str, Label] = field(default_factory=dict[str, Label])
    written: set[str] = field(default_factory=set[str])
    marks: dict[str, str] = field(default_factory=dict[str, str])
    ports: dict[str, dict[str, Json]] = field(default_factory=dict[str, dict[str, Json]])
    labels: dict[str, Label] = field(default_factory=dict[str, Label])
    failure: BaseException | None = None

    def live(self, node: CompiledNode) -> bool:
        """Whether a node whose predecessors are all decided runs."""
        if node.edges and not any(self._leads(edge) for edge in node.edges):
            return False
        return all(self._present(need) for need in node.needs)

    def seen(self, node: CompiledNode) -> Label:
        """Return the label of what the node reads and of the decisions that led to it."""
        told = (CONVERSATION,) if node.reads_session else ()
        read = (self.labels.get(name, APP) for name in node.predecessors)
        return join((self.label, node.control, *read, *told, *self._state_seen(node)))

    def values(self) -> dict[str, Json]:
        """Return the roots of the app's expressions; a node that has no ports is an empty record."""
        segment = self.segment
        roots: dict[str, Json] = {
            "inputs": self.inputs,
            "state": self.state,
            "session": segment.session_value(),
            "run": segment.run_value(),
        }
        for name in self.app.nodes:
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
        """Return the outputs of the end that ran, or None."""
        for node in self.app.nodes.values():
            if node.type == "end" and node.id in self.ports:
                return self.ports[node.id]
        return None

    def _leads(self, edge: Edge) -> bool:
        mark = self.marks[edge.source]
        if mark == SKIPPED:
            return False
        return mark == edge.handle if edge.handle is not None else mark != "error"

    def _present(self, need: Need) -> bool:
        value: Json = self.inputs if need.root == "inputs" else self.ports.get(need.root)
        if value is None:
            return False
        for step in need.path:
            if not isinstance(value, dict) or step not in value:
                return False
            value = value[step]
        return True

    def _state_seen(self, node: CompiledNode) -> list[Label]:
        return list(self.state_labels.values()) if node.reads_state else []


def enter(frame: Frame) -> None:
    """Make a frame the current one of this task and the tasks that it starts."""
    _CURRENT.set(frame)


def current() -> Frame:
    """Return the frame of the run that this task works for."""
    return _CURRENT.get()
