"""Runs the nodes of a cell, each as soon as its predecessors are decided."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from langgraph.errors import GraphInterrupt
from langgraph.types import interrupt

from agents.graph import CompiledNode

from .frame import Frame
from .journal import SKIPPED
from .node import run_node

__all__ = ["decide", "run_cell"]

_HELD: Final = "?"
"""What a node is left with that waits for a person, or that nothing will run because another one failed."""


async def run_cell(cell: Iterable[CompiledNode], frame: Frame) -> dict[str, str]:
    """Decide every node of a cell of the app's own graph.

    A cell with an undecided node never returns, it interrupts: so LangGraph takes it for unfinished, leaves its
    siblings alone (an exception would cancel them, and with them a call in flight), and runs it
    again when the run is taken up.

    Returns:
        The mark of each node: the handle that it took, or `~` when it was skipped.

    Raises:
        GraphInterrupt: A node waits for an answer, or one has failed.
    """
    nodes = tuple(cell)
    await decide(nodes, frame)
    left = [node.id for node in nodes if node.id not in frame.marks]
    if left:
        interrupt({"halted": left})
    return {node.id: frame.marks[node.id] for node in nodes}


async def decide(cell: tuple[CompiledNode, ...], frame: Frame) -> list[GraphInterrupt]:
    """Run nodes until none can go on; nodes that the journal has as decided are not run again.

    A node that waits for a person holds back its successors only; a failure lets running nodes end and starts no more.

    Returns:
        The interrupts of the nodes that wait.
    """
    lane = _Lane(cell, frame)
    await lane.finish()
    return lane.interrupts


class _Lane:
    def __init__(self, cell: tuple[CompiledNode, ...], frame: Frame) -> None:
        inside = {node.id for node in cell}
        self._frame = frame
        self._open = {node.id: len(inside.intersection(node.predecessors)) for node in cell}
        self._after: dict[str, list[CompiledNode]] = {node.id: [] for node in cell}
        for node in cell:
            for name in inside.intersection(node.predecessors):
                self._after[name].append(node)
        self._ready = [node for node in cell if not self._open[node.id]]
        self._running: dict[asyncio.Task[str], CompiledNode] = {}
        self.interrupts: list[GraphInterrupt] = []

    async def finish(self) -> None:
        """Run until nothing is ready and nothing runs; a single ready node needs no task of its own."""
        try:
            while self._ready or self._running:
                if len(self._ready) == 1 and not self._running:
                    node = self._ready.pop()
                    self._decided(node, await self._decide(node))
                    continue
                for node in self._ready:
                    self._running[asyncio.create_task(self._decide(node))] = node
                self._ready.clear()
                done, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._decided(self._running.pop(task), task.result())
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _decided(self, node: CompiledNode, mark: str) -> None:
        if mark == _HELD:
            return
        for after in self._after[node.id]:
            self._open[after.id] -= 1
            if not self._open[after.id]:
                self._ready.append(after)

    async def _decide(self, node: CompiledNode) -> str:
        frame = self._frame
        if node.id in frame.marks:
            return frame.marks[node.id]
        if frame.stopping or any(name not in frame.marks for name in node.predecessors):
            return _HELD
        if not frame.live(node):
            frame.marks[node.id] = SKIPPED
            frame.segment.journal.emit("node.skipped", f"{frame.prefix}{node.id}")
            return SKIPPED
        try:
            return await run_node(node, frame)
        except GraphInterrupt as interrupt:
            self.interrupts.append(interrupt)
        except Exception as error:  # noqa: BLE001 the run's edge: whatever a node ends with becomes the run's failure
            frame.failure = frame.failure or error
        return _HELD
