"""When a process that died may be started again."""

from __future__ import annotations

from collections import deque
from typing import Final

from ..errors import ModelBusy

__all__ = ["Crashes"]

MOST: Final = 3
"""Deaths within `REST` seconds after which the model rests."""
REST: Final = 60.0
"""Seconds, from the first of them."""
PAUSE: Final = 0.5
"""Seconds between a death and the next start; they double with every further one."""
LONGEST: Final = 30.0


class Crashes:
    """The deaths of one model's processes."""

    def __init__(self) -> None:
        self._deaths: deque[float] = deque(maxlen=MOST)
        self._row = 0

    def note(self, at: float) -> None:
        """Take down a death."""
        self._deaths.append(at)
        self._row += 1

    def forget(self) -> None:
        """The model has answered: the next pause is a short one again."""
        self._row = 0

    def pause(self, now: float) -> float:
        """Return how many seconds the next start must wait.

        Raises:
            ModelBusy: There were too many deaths.
        """
        if len(self._deaths) == MOST and (wait := self._deaths[0] + REST - now) > 0:
            raise ModelBusy(
                f"The model's process died {MOST} times within {REST:g} s; it rests for {wait:.0f} s.",
                fix="Look for the reason: too little memory is the usual one.",
                details={"retry_after": round(wait, 1)},
            )
        if not self._row:
            return 0.0
        return max(0.0, self._deaths[-1] + min(PAUSE * 2.0 ** (self._row - 1), LONGEST) - now)
