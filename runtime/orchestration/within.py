"""What a node needs that runs a graph inside itself: the body of a container, or another app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from langgraph.errors import GraphInterrupt

from agents.graph import CompiledNode

from ..base.labels import Label, join
from .budget import Account
from .frame import Frame
from .recovery import recover

__all__ = ["Attempt", "run_all"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One attempt of such a node.

    Args:
        frame: The graph in which the node stands.
        node: The node.
        path: Its node path.
        account: What the nodes inside it draw on.
        label: What led to them.
        seen: Told what a failure may repeat.
        tolerant: Whether a failed pass through a body is a result.
    """

    frame: Frame
    node: CompiledNode
    path: str
    account: Account
    label: Label
    seen: Callable[[Label], None]
    tolerant: bool = False

    @property
    def caught(self) -> bool:
        """Whether something copes with a failure inside."""
        return self.frame.caught or self.tolerant or self.node.on_error != "fail"


async def run_all(inner: Frame, attempt: Attempt) -> None:
    """Run the nodes of a graph inside a node until all are decided.

    Raises:
        GraphInterrupt: One of them waits, or a failure around the graph has stopped it.
        BaigongError: One of them failed.
    """
    await recover(inner)
    waiting = await inner.decide(tuple(inner.nodes.values()), inner)
    if inner.failure is not None:
        attempt.seen(join(inner.labels.values()))
        raise inner.failure
    if waiting:
        raise waiting[0]
    if any(name not in inner.marks for name in inner.nodes):
        raise GraphInterrupt
