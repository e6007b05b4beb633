"""Runs a compiled graph inside a node: the same nodes, under the node's path, in the run's own journal."""

from __future__ import annotations

from agents.graph import CompiledApp

from ..base.errors import Json
from ..base.labels import Label, join
from .errors import NoResult
from .frame import Frame, open_frame
from .recovery import recover

__all__ = ["run_inner"]


async def run_inner(
    around: Frame, app: CompiledApp, inputs: dict[str, Json], prefix: str, label: Label
) -> tuple[dict[str, Json], Label]:
    """Run a graph to its end, within a node of the graph around it, and return its outputs and their label.

    Raises:
        GraphInterrupt: A node of it waits for a person.
        BaigongError: It failed.
    """
    frame = open_frame(around.segment, app, inputs, around.decide, prefix=prefix, label=label)
    await recover(frame)
    waiting = await around.decide(tuple(app.nodes.values()), frame)
    if frame.failure is not None:
        raise frame.failure
    if waiting:
        raise waiting[0]
    outputs = frame.result()
    if outputs is None:
        raise NoResult("The inner graph came to no end.", where=prefix.rstrip("/"))
    return outputs, join(frame.labels.values())
