"""Lowers a compiled app to a LangGraph `StateGraph`.

One LangGraph node per cell, one super-step per block. LangGraph's state holds which nodes are decided, and how; values
stay in the frame and the journal, so a checkpoint has some hundred bytes whatever flows through the app. Every cell of
every block always fires (a node that is not live is marked as skipped), so LangGraph's joins never wait for ever.
"""

from __future__ import annotations

from typing import Annotated, Protocol, TypeAlias, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph  # pyright: ignore[reportMissingTypeStubs]
from langgraph.graph.state import CompiledStateGraph  # pyright: ignore[reportMissingTypeStubs]

from agents.graph import CompiledApp

from .blocks import Block, Cell, divide
from .frame import current
from .lane import run_cell

__all__ = ["Graph", "lower"]

Marks: TypeAlias = dict[str, str]


def merge(left: Marks, right: Marks) -> Marks:
    """Reduce the state: cells write disjoint keys."""
    return left | right


class State(TypedDict):
    """LangGraph's state: node id to its mark."""

    decided: Annotated[Marks, merge]


Graph: TypeAlias = CompiledStateGraph[State, None, State, State]


class Step(Protocol):
    """A node of the LangGraph graph."""

    async def __call__(self, state: State) -> State:
        """Decide a cell."""
        ...


def lower(app: CompiledApp, saver: BaseCheckpointSaver[int], *, only: str | None = None) -> Graph:
    """Build and compile the LangGraph graph of an app, or that of one node of it."""
    builder: StateGraph[State, None, State, State] = StateGraph(State)
    previous: Block = ()
    for block in divide(app.nodes) if only is None else [((app.nodes[only],),)]:
        for cell in block:
            builder.add_node(_name(cell), _step(cell))  # pyright: ignore[reportUnknownMemberType]
            _connect(builder, previous, cell)
        previous = block
    for cell in previous:
        builder.add_edge(_name(cell), END)
    return builder.compile(checkpointer=saver, name=app.id)  # pyright: ignore[reportUnknownMemberType]


def _connect(builder: StateGraph[State, None, State, State], previous: Block, cell: Cell) -> None:
    if not previous:
        builder.add_edge(START, _name(cell))
    elif len(previous) == 1:
        builder.add_edge(_name(previous[0]), _name(cell))
    else:
        builder.add_edge([_name(before) for before in previous], _name(cell))


def _name(cell: Cell) -> str:
    return cell[0].id


def _step(cell: Cell) -> Step:
    async def step(state: State) -> State:
        return {"decided": await run_cell(cell, current())}

    return step
