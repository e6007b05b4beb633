"""Whose turn it is: one caller at a time, lanes served in rotation, and a limit on how many wait."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque

from ..errors import ModelBusy

__all__ = ["Turns"]


class Turns:
    """A fair lock. A lane with a hundred waiting calls delays another lane by one call only.

    Args:
        limit: Calls that may wait.
    """

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._lanes: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._busy = False

    @property
    def waiting(self) -> int:
        """Number of calls that wait."""
        return sum(map(len, self._lanes.values()))

    async def take(self, lane: str = "") -> None:
        """Wait for a turn; give it back with `release`.

        Raises:
            ModelBusy: Too many wait already.
        """
        if not self._busy:
            self._busy = True
            return
        if self.waiting >= self._limit:
            raise ModelBusy(f"{self._limit} calls wait for the model already.", fix="Try again later.")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lanes.setdefault(lane, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # the turn came together with the cancellation: pass it on
            raise

    def release(self) -> None:
        """Give the turn to the next lane that waits."""
        while self._lanes:
            lane, line = self._lanes.popitem(last=False)
            turn = line.popleft()
            if line:
                self._lanes[lane] = line
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False
