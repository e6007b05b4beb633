"""Who works on a run that nobody waits for: the process that accepts it, or whoever takes it from a queue."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeAlias

__all__ = ["RunBackend", "Work"]

Work: TypeAlias = Callable[[str, str], Coroutine[Any, Any, None]]
"""Takes a run of a workspace up, and returns once this process is no longer at work on it."""


class RunBackend(Protocol):
    """A durable queue of runs. It decides who works on a run, and when; the run's row decides what counts."""

    async def start(self, work: Work) -> None:
        """Begin to take runs from the queue.

        Raises:
            StorageError: The queue cannot be opened.
        """
        ...

    async def submit(self, run: str, workspace: str) -> None:
        """Put a run of a workspace into the queue, unless it is there, or is at work from it."""
        ...

    async def again(self, run: str, workspace: str) -> None:
        """Put a run into the queue whose worker is dead, whatever that worker was doing with it."""
        ...

    async def close(self) -> None:
        """Take nothing more from the queue."""
        ...
