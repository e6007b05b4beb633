"""Runs the nodes of a cell, each as soon as its predecessors are decided."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from langgraph.errors import GraphInterrupt
from langgraph.types import interrupt

from agents.graph import CompiledNode

from . import asks
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
    return [*lane.waiting.values()]


class _Lane:
    def __init__(self, cell: tuple[CompiledNode, ...], frame: Frame) -> None:
        inside = {node.id: node for node in cell}
        self._nodes = inside
        self._frame = frame
        self._open = {node.id: len(inside.keys() & node.predecessors) for node in cell}
        self._after: dict[str, list[CompiledNode]] = {node.id: [] for node in cell}
        for node in cell:
            for name in inside.keys() & node.predecessors:
                self._after[name].append(node)
        self._queued: set[str] = set()
        self._settled: set[str] = set()
        self._stopping: dict[str, str] = {}
        self._ready: list[CompiledNode] = []
        self._running: dict[asyncio.Task[str], CompiledNode] = {}
        self.waiting: dict[str, GraphInterrupt] = {}
        for node in cell:
            self._offer(node)

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
                    node = self._running.pop(task)
                    stopped = task.cancelled() and node.id in self._stopping
                    mark = self._skip(node, lost=self._stopping[node.id]) if stopped else task.result()
                    self._decided(node, mark)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _offer(self, node: CompiledNode) -> None:
        """Queue a node that can be decided."""
        if node.id not in self._queued and (not self._open[node.id] or self._frame.arrived(node)):
            self._queued.add(node.id)
            self._ready.append(node)

    def _decided(self, node: CompiledNode, mark: str) -> None:
        if mark == _HELD or node.id in self._settled:
            return
        self._settled.add(node.id)
        for after in self._after[node.id]:
            self._open[after.id] -= 1
            self._offer(after)
        if node.losers and mark != SKIPPED:
            self._stop_losers(node)

    def _stop_losers(self, join: CompiledNode) -> None:
        """Give up what leads only to the arms that a join did not take."""
        arm = self._frame.ports[join.id]["arm"]
        for name in (one for other, names in join.losers.items() if other != arm for one in names):
            node = self._nodes.get(name)
            if node is not None and name not in self._frame.marks:
                self._stop(node, join)

    def _stop(self, node: CompiledNode, join: CompiledNode) -> None:
        task = next((task for task, one in self._running.items() if one is node), None)
        if task is None:
            self.waiting.pop(node.id, None)
            asks.withdraw(self._frame.segment, f"{self._frame.prefix}{node.id}")
            self._decided(node, self._skip(node, lost=join.id))
        elif node.stoppable:
            self._stopping[node.id] = join.id
            task.cancel()

    def _skip(self, node: CompiledNode, *, lost: str | None = None) -> str:
        self._frame.marks[node.id] = SKIPPED
        path = f"{self._frame.prefix}{node.id}"
        self._frame.segment.journal.emit("node.skipped", path, {} if lost is None else {"lost": lost})
        return SKIPPED

    async def _decide(self, node: CompiledNode) -> str:
        frame = self._frame
        if node.id in frame.marks:
            return frame.marks[node.id]
        if frame.stopping or not frame.reached(node):
            return _HELD
        lost = frame.segment.journal.memory.lost.get(f"{frame.prefix}{node.id}")
        if lost is not None:
            return self._skip(node, lost=lost)
        if not frame.live(node):
            return self._skip(node)
        try:
            return await run_node(node, frame)
        except GraphInterrupt as found:
            self.waiting[node.id] = found
        except Exception as error:  # noqa: BLE001 the run's edge: whatever a node ends with becomes the run's failure
            frame.failure = frame.failure or error
        return _HELD
