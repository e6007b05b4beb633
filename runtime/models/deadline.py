"""The time that a remote answer may still take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

from .endpoint import Limits
from .errors import ModelTimeout

__all__ = ["Deadline"]

T = TypeVar("T")


def _now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(kw_only=True, slots=True)
class Deadline:
    """Three limits, of which the nearest counts: first token, then the next one, and the whole.

    Only tokens move it: a server that keeps the connection alive without saying anything runs out of time.

    Args:
        limits: The limits.
        where: The deployment, for errors.
    """

    limits: Limits
    where: str
    started: bool = False
    """Whether the first token has come."""
    _begun: float = field(default_factory=_now)
    _moved: float = field(default_factory=_now)

    def attempt(self) -> None:
        """A new attempt begins."""
        self._moved = _now()

    def token(self) -> None:
        """A token has come."""
        self.started = True
        self._moved = _now()

    def holds(self, pause: float) -> bool:
        """Return whether there is time for a pause of so many seconds, and an answer after it."""
        return pause <= self.limits.first_token and _now() + pause < self._begun + self.limits.total

    async def wait(self, step: Awaitable[T]) -> T:
        """Return what `step` gives.

        Raises:
            ModelTimeout: It took too long; the message says which limit was reached.
        """
        name = "idle" if self.started else "first_token"
        due = self._moved + (self.limits.idle if self.started else self.limits.first_token)
        end = self._begun + self.limits.total
        if end < due:
            name, due = "total", end
        limit = asyncio.timeout_at(due)
        try:
            async with limit:
                return await step
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise ModelTimeout(
                f"The limit `{name}` of {getattr(self.limits, name):g} s is over.",
                where=self.where,
                details={"limit": name},
            ) from error
