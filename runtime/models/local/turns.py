"""Whose turn it is: one call at a time, lanes served in rotation, and a limit on how many wait."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..errors import ModelBusy

__all__ = ["ANYBODY", "Caller", "Turns"]

_Lanes: TypeAlias = "OrderedDict[str, deque[asyncio.Future[None]]]"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Args:
        lane: Calls of one lane take turns with those of the others.
        background: Whether nobody waits for the answer: such a call comes when no other waits.
    """

    lane: str = ""
    background: bool = False


ANYBODY: Final = Caller()


class Turns:
    """A fair lock. A lane with a hundred waiting calls delays another lane by one call only.

    Args:
        limit: Calls that may wait.
    """

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._urgent: _Lanes = OrderedDict()
        self._background: _Lanes = OrderedDict()
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether somebody has the turn."""
        return self._busy

    @property
    def waiting(self) -> int:
        """Number of calls that wait."""
        return sum(len(line) for lanes in (self._urgent, self._background) for line in lanes.values())

    async def take(self, caller: Caller = ANYBODY) -> None:
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
        lanes = self._background if caller.background else self._urgent
        lanes.setdefault(caller.lane, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # the turn came together with the cancellation: pass it on
            raise

    def release(self) -> None:
        """Give the turn to the next lane that waits, background calls last."""
        while lanes := self._urgent or self._background:
            lane, line = lanes.popitem(last=False)
            turn = line.popleft()
            if line:
                lanes[lane] = line
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False
