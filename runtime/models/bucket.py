"""Token buckets (RFC 2697 calls them so): how much may be used now, filled evenly."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Bucket"]


class Bucket:
    """Holds what may be used within a minute, and is filled as time goes by.

    Args:
        minute: What a minute brings, and what the bucket holds at most.
        clock: Gives seconds.
    """

    def __init__(self, minute: float, clock: Callable[[], float]) -> None:
        self._minute = minute
        self._clock = clock
        self._level = minute
        self._at = clock()

    def wait(self, amount: float) -> float:
        """Return the seconds until the bucket holds an amount; more than it can hold counts as a full bucket."""
        return max(0.0, (min(amount, self._minute) - self._filled()) * 60 / self._minute)

    def take(self, amount: float) -> None:
        """Take an amount, even one that is not there yet."""
        self._level = self._filled() - amount

    def _filled(self) -> float:
        now = self._clock()
        self._level = min(self._minute, self._level + (now - self._at) * self._minute / 60)
        self._at = now
        return self._level
