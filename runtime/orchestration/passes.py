"""Runs the body of a container: once, or once for each item of a list, some at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from langgraph.errors import GraphInterrupt

from agents.context import ItemFailure
from agents.graph import CompiledBody
from agents.types import coerce

from ..base.errors import BaigongError, Json
from ..base.labels import Labelled, join
from .errors import InDoubt, as_value
from .frame import Frame
from .within import Attempt, run_all

__all__ = ["Passes"]

Left: TypeAlias = dict[str, Json]
"""What the inner places of a container hold after a pass, by key."""

Outcome: TypeAlias = Labelled[Left | ItemFailure]


@dataclass(slots=True)
class _Found:
    """What became of the passes so far."""

    results: dict[int, Outcome] = field(default_factory=dict[int, Outcome])
    waiting: list[GraphInterrupt] = field(default_factory=list[GraphInterrupt])


class Passes:
    """The passes through one container's body within one attempt of its node.

    Args:
        attempt: The attempt.
    """

    def __init__(self, attempt: Attempt) -> None:
        if attempt.node.body is None:
            raise TypeError(f"{attempt.node.id} has no body")
        self._body: CompiledBody = attempt.node.body
        self._attempt = attempt
        self._failure: BaigongError | None = None
        self._outside = attempt.frame.values()

    async def once(self, names: Mapping[str, Json], name: str) -> Labelled[Left]:
        """Run the body once under the path with `name` after it.

        Raises:
            GraphInterrupt: A node of it waits, or a failure around it has stopped it.
            BaigongError: A node of it failed.
        """
        body = self._body
        frame = self._open(names, name)
        await run_all(frame, self._attempt)
        values = frame.values()
        left: Left = {}
        for key, binding in body.sites.items():
            value = body.evaluator.render(binding, values)
            kind = body.types.get(key)
            left[key] = value if kind is None else coerce(value, kind, f"{self._attempt.path}{key.replace('/', '.')}")
        read = (frame.labels[one] for one in body.reads if one in frame.labels)
        return Labelled(left, join((self._attempt.label, *read)))

    async def all(self, names: Sequence[Mapping[str, Json]], parallel: int) -> list[Outcome]:
        """Run the body once for each set of names and return the results in their order.

        Raises:
            GraphInterrupt: All that can be done is done, and a pass waits.
            BaigongError: A pass failed, and failures are not tolerated.
        """
        found = _Found()
        queue = iter(enumerate(names))

        async def work() -> None:
            for index, given in queue:
                if self._failure is not None or self._attempt.frame.stopping:
                    return
                await self._settle(found, index, given)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(parallel, len(names))):
                group.create_task(work())
        if self._failure is not None:
            raise self._failure
        if len(found.results) < len(names):
            raise found.waiting[0] if found.waiting else GraphInterrupt
        return [found.results[index] for index in range(len(names))]

    async def _settle(self, found: _Found, index: int, names: Mapping[str, Json]) -> None:
        """Run one pass and note what became of it; one that waits gives its place to the next."""
        try:
            done = await self.once(names, f"[{index}].")
            found.results[index] = Labelled(done.value, done.label)
        except GraphInterrupt as interrupt:
            found.waiting.append(interrupt)
        except BaigongError as error:
            if self._attempt.tolerant and not isinstance(error, InDoubt):
                found.results[index] = Labelled(ItemFailure(as_value(error)), self._attempt.label)
            else:
                self._failure = self._failure or error

    def _open(self, names: Mapping[str, Json], name: str) -> Frame:
        attempt, around = self._attempt, self._attempt.frame
        return Frame(
            segment=around.segment, app=around.app, nodes=self._body.nodes, evaluator=self._body.evaluator,
            inputs=around.inputs, decide=around.decide, account=attempt.account, prefix=f"{attempt.path}{name}",
            label=attempt.label, names=names, around=around, outside=self._outside, caught=attempt.caught,
            depth=around.depth, halted=lambda: self._failure is not None, state=around.state,
            state_labels=around.state_labels, written=around.written,
        )  # fmt: skip
