"""Runs a compiled graph inside a node: the same nodes, under the node's path, in the run's own journal."""

from __future__ import annotations

from agents.graph import CompiledApp

from ..base.errors import Json
from ..base.labels import Label, join
from .errors import NoResult
from .frame import Frame
from .lane import decide
from .recovery import recover
from .segment import Segment

__all__ = ["run_inner"]


async def run_inner(
    segment: Segment, app: CompiledApp, inputs: dict[str, Json], prefix: str, label: Label
) -> tuple[dict[str, Json], Label]:
    """Run a graph to its end and return its outputs and their label.

    Raises:
        GraphInterrupt: A node of it waits for a person.
        BaigongError: It failed.
    """
    frame = Frame(segment=segment, app=app, inputs=inputs, prefix=prefix, label=label)
    await recover(frame)
    waiting = await decide(tuple(app.nodes.values()), frame)
    if frame.failure is not None:
        raise frame.failure
    if waiting:
        raise waiting[0]
    outputs = frame.result()
    if outputs is None:
        raise NoResult("The inner graph came to no end.", where=prefix.rstrip("/"))
    return outputs, join(frame.labels.values())
