"""Follows runs that another worker is at work on, by reading their journals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ..base.events import TERMINAL
from ..storage import Connection, Reader
from .bus import Bus
from .journal import read_events
from .record import AT_WORK

__all__ = ["relay", "settled"]

_PAUSE: Final = 0.2
"""Seconds between two looks."""


async def relay(run: str, bus: Bus, reader: Reader, here: Callable[[], bool], *, after: int, parked: bool) -> None:
    """Publish what another worker writes of a run, until it has ended.

    Args:
        run: The run.
        bus: Where it is published.
        reader: The database's reader.
        here: Whether the run is at work in this process, which publishes it then.
        after: The last event that is known.
        parked: Whether to go on while the run waits.
    """
    last = after
    while True:
        if not here():
            working = await reader.run(lambda connection: _working(connection, run))
            events = await reader.run(lambda connection, last=last: read_events(connection, run, after=last))
            bus.publish(events)
            last = events[-1].seq if events else last
            if any(event.type == TERMINAL for event in events) or not (working or parked or here()):
                return
        await asyncio.sleep(_PAUSE)


async def settled(run: str, reader: Reader) -> None:
    """Return once no worker is at work on a run."""
    while await reader.run(lambda connection: _working(connection, run)):  # noqa: ASYNC110 it is another process's
        await asyncio.sleep(_PAUSE)


def _working(connection: Connection, run: str) -> bool:
    row = connection.execute("SELECT status FROM runs WHERE id = ?", (run,)).fetchone()
    return row is not None and row[0] in AT_WORK
