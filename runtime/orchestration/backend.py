"""Who works on a run that nobody waits for: the process that accepts it, or whoever takes it from a queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

__all__ = ["RunBackend", "Work"]

Work: TypeAlias = Callable[[str, str], Awaitable[None]]
"""Takes a run of a workspace up, and returns once this process is no longer at work on it."""


class RunBackend(Protocol):
    """A durable queue of runs. It decides who works on a run, and when; the run's row decides what counts."""

    async def start(self, work: Work) -> None:
        """Begin to take runs from the queue.

        Raises:
            StorageError: The queue cannot be opened.
        """
        ...

    async def submit(self, run: str, workspace: str, fence: int) -> None:
        """Put a run into the queue; the same run with the same fence counts once.

        Args:
            run: The run.
            workspace: Where it belongs.
            fence: Its fence, which whoever takes the run up raises.
        """
        ...

    async def again(self, run: str, workspace: str, fence: int) -> None:
        """Put a run into the queue whose worker is dead, and which has this fence since that worker took it."""
        ...

    async def close(self) -> None:
        """Take nothing more from the queue."""
        ...
