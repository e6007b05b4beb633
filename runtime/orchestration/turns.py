"""Which runs are at work: so many at a time, and none of them so long in the queue that a busy app shuts others out.

A free place goes to the workspace with the fewest runs at work, in it to the app with the fewest, and there to the run
that came first. An app holds at most three quarters of the places, so that some are always left to others. Runs that
wait for people hold none.

Source: max–min fairness (Bertsekas and Gallager, Data Networks, 1992, 6.5.2), for places of equal worth.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["Owner", "Turns"]

Owner: TypeAlias = tuple[str, str]
"""Workspace and app."""


@dataclass(slots=True, eq=False)
class Turns:
    """The places of one process.

    Args:
        places: How many runs are at work at a time.
        of_workspace: How many of one workspace; None is all.
    """

    places: int
    of_workspace: int | None = None
    _working: Counter[Owner] = field(default_factory=Counter[Owner])
    _spaces: Counter[str] = field(default_factory=Counter[str])
    _waiting: dict[Owner, deque[asyncio.Future[None]]] = field(
        default_factory=dict[Owner, "deque[asyncio.Future[None]]"]
    )

    @property
    def working(self) -> int:
        """How many runs are at work."""
        return self._working.total()

    @property
    def waiting(self) -> int:
        """How many runs wait for a place."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def place(self, owner: Owner) -> AsyncGenerator[None]:
        """Hold a place, once there is one, while the block runs."""
        if owner in self._waiting or not self._free(owner):
            await self._wait(owner)
        else:
            self._take(owner)
        try:
            yield
        finally:
            self._give_back(owner)

    async def _wait(self, owner: Owner) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(owner)
            else:
                self._leave(owner, turn)
            raise

    def _free(self, owner: Owner) -> bool:
        workspace, _ = owner
        most = max(1, self.places * 3 // 4)
        within = self.of_workspace is None or self._spaces[workspace] < self.of_workspace
        return self.working < self.places and self._working[owner] < most and within

    def _take(self, owner: Owner) -> None:
        self._working[owner] += 1
        self._spaces[owner[0]] += 1

    def _give_back(self, owner: Owner) -> None:
        self._working -= Counter({owner: 1})
        self._spaces -= Counter({owner[0]: 1})
        while self._next():
            pass

    def _next(self) -> bool:
        """Give a free place to whoever has the fewest, and say whether there was one to give."""
        fit = [owner for owner in self._waiting if self._free(owner)]
        if not fit:
            return False
        owner = min(fit, key=lambda one: (self._spaces[one[0]], self._working[one]))
        queue = self._waiting.pop(owner)
        turn = queue.popleft()
        if queue:
            self._waiting[owner] = queue  # at the end: of those that have as few, the one served longest ago is next
        if not turn.done():
            self._take(owner)
            turn.set_result(None)
        return True

    def _leave(self, owner: Owner, turn: asyncio.Future[None]) -> None:
        queue = self._waiting.get(owner)
        if queue is not None and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._waiting[owner]
