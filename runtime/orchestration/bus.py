"""Hands events and live texts to those who watch a run."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from ..base.events import Live

__all__ = ["Bus", "Watch"]

ROOM = 10_000
"""Events that a slow watcher may lag behind before it is dropped; it can come back with the last number it saw."""


class Watch:
    """One watcher's queue; `lost` once it has lagged too far behind; `relay` brings what other processes write."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Live] = asyncio.Queue(ROOM)
        self.lost = False
        self.relay: asyncio.Task[None] | None = None

    def offer(self, item: Live) -> None:
        """Add an item, or give the watcher up."""
        if self.queue.full():
            self.lost = True
        else:
            self.queue.put_nowait(item)


class Bus:
    """Watchers by run."""

    def __init__(self) -> None:
        self._watches: defaultdict[str, list[Watch]] = defaultdict(list)

    def open(self, run: str) -> Watch:
        """Start watching a run, from the next commit on."""
        watch = Watch()
        self._watches[run].append(watch)
        return watch

    def close(self, run: str, watch: Watch) -> None:
        """Stop watching."""
        if watch.relay is not None:
            watch.relay.cancel()
        left = [one for one in self._watches[run] if one is not watch]
        if left:
            self._watches[run] = left
        else:
            del self._watches[run]

    def publish(self, items: Iterable[Live]) -> None:
        """Give items to the watchers of their runs."""
        for item in items:
            for watch in self._watches.get(item.run, ()):
                watch.offer(item)
