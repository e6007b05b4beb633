"""Looks after the runs of a database that several workers share: those of the dead, and those that were lost here."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from itertools import count
from typing import Any, Final, TypeAlias

from .errors import RunNotOpen
from .workers import Workers

__all__ = ["Takeover"]

log = logging.getLogger(__name__)

AT_ONCE: Final = 32
"""Runs that one worker takes over at a time, so that others get some, too."""

_ALL: Final = 1_000_000

_AGAIN: Final = 60.0
"""Seconds after which a run is tried again that cannot be taken up here."""

_REFILL: Final = 20
"""Signs of life between two looks whether the queue lacks something."""

_MOMENT: Final = 0.05
"""Seconds in which a run that is being accepted comes to be at work."""

Work: TypeAlias = Callable[[str, str], Awaitable[Any]]
"""Does something with a run of a workspace."""


class Takeover:
    """The part of an engine that finds work.

    Args:
        workers: The workers, and which of them this is.
        take: Sees to it that a run is taken up, here or elsewhere.
        watch: Watches the questions of a parked run.
        at_work: Gives the runs that are at work here.
        stop: Ends the work on a run that somebody else has.
        refill: Puts into the queue what should be there.
    """

    def __init__(
        self,
        workers: Workers,
        take: Work,
        watch: Work,
        at_work: Callable[[], Collection[str]],
        stop: Callable[[str], None],
        refill: Callable[[], Awaitable[None]],
    ) -> None:
        self._workers = workers
        self._take_up = take
        self._watch = watch
        self._at_work = at_work
        self._stop = stop
        self._refill = refill
        self._suspects: set[str] = set()
        self._coming = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._looks = False
        self._later: dict[str, float] = {}

    async def live(self) -> None:
        """Say from now on that this worker lives, if it does not yet: before it has a run."""
        async with self._coming:
            if self._task is None:
                await self._workers.begin()
                self._task = asyncio.create_task(self._go_on(), name="takeover")

    async def start(self) -> list[str]:
        """Take up what an earlier process of this worker has left, go on looking for more, and return those runs."""
        await self.live()
        taken = await self._sweep(first=True)
        self._looks = True
        return taken

    async def close(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def leave(self) -> None:
        """Let others have what is left, once nothing is at work here."""
        if self._task is not None:
            await self._workers.leave()

    async def _go_on(self) -> None:
        for beats in count(1):
            await asyncio.sleep(self._workers.beat_every)
            try:
                await self._workers.beat()
                await self._let_go()
                if self._looks:
                    await self._sweep()
                if self._looks and beats % _REFILL == 0:
                    await self._refill()
            except Exception as error:  # noqa: BLE001 whatever it is, the next sign of life must follow
                log.warning("this worker cannot say that it lives, or look for work: %s", error)

    async def _sweep(self, *, first: bool = False) -> list[str]:
        """Take over what nobody is at work on; what was to be here and is not, at the second look."""
        missing: set[str] = set()
        taken: list[str] = []
        most = _ALL if first else AT_ONCE + len(self._later)
        found = await self._workers.orphans(most=most, parked=first)
        if first:
            await asyncio.sleep(_MOMENT)
        for run, workspace, status, worker in found:
            if run in self._at_work() or self._later.get(run, 0) > time.monotonic():
                continue
            if worker == self._workers.id and not first and run not in self._suspects:
                missing.add(run)
            elif await self._take(run, workspace, parked=status == "waiting"):
                taken.append(run)
        self._suspects = missing
        return taken

    async def _take(self, run: str, workspace: str, *, parked: bool) -> bool:
        try:
            if parked:
                await self._workers.adopt(run)
                await self._watch(run, workspace)
                return False
            await self._take_up(run, workspace)
        except RunNotOpen:
            return False  # Somebody else was faster.
        except Exception as error:  # noqa: BLE001 one run must not keep the others from being taken up
            log.warning("the run %s cannot be taken up here: %s", run, error)
            self._later[run] = time.monotonic() + _AGAIN
            return False
        self._later.pop(run, None)
        log.info("the run %s is taken over", run)
        return True

    async def _let_go(self) -> None:
        """End the work on runs that were taken from this worker."""
        at_work = [*self._at_work()]
        held = await self._workers.held(at_work)
        for run in at_work:
            if run not in held:
                self._stop(run)
