"""Follows a run: its journal first, then what happens, for any number of watchers who come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from ..base.events import TERMINAL, Delta, Event, Live
from ..storage import Reader
from .bus import Bus, Watch
from .journal import read_events
from .relay import relay
from .segment import Segment

__all__ = ["follow"]

_GOES_ON = "run.resumed"


async def follow(
    run: str,
    bus: Bus,
    reader: Reader,
    task: Callable[[], asyncio.Task[None] | None],
    segment: Callable[[], Segment | None],
    *,
    after: int = 0,
    parked: bool = False,
    elsewhere: bool = False,
) -> AsyncGenerator[Live, None]:
    """Yield events after a number, and live texts from their beginning.

    Args:
        run: The run.
        bus: Where its events are published.
        reader: The database's reader.
        task: Gives the task that works on the run, if there is one.
        segment: Gives the segment that runs, if there is one.
        after: The last number that is known already.
        parked: Whether to go on while the run waits for a person; it ends with the run's end in any case.
        elsewhere: Whether another process may be at work on it.
    """
    watch = bus.open(run)
    try:
        last = after
        past = await reader.run(lambda connection: read_events(connection, run))
        over = _is_over(past)
        for event in past[after:]:
            last = event.seq
            yield event
        if over and task() is None:
            return
        if elsewhere:
            there = relay(run, bus, reader, lambda: task() is not None, after=last, parked=parked)
            watch.relay = asyncio.create_task(there)
        texts = _texts(segment())
        shown = {text.of: len(text.text) for text in texts}
        for text in texts:
            yield text
        while (item := await _next(watch, lambda: task() or watch.relay, parked=parked)) is not None:
            if isinstance(item, Delta):
                if item.offset >= shown.get(item.of, 0):
                    yield item
                continue
            if item.seq > last:
                last = item.seq
                yield item
                if item.type == TERMINAL or (item.type == "run.waiting" and not parked):
                    return
    finally:
        bus.close(run, watch)


def _texts(working: Segment | None) -> list[Delta]:
    return list(working.texts.values()) if working else []


def _is_over(events: Sequence[Event]) -> bool:
    over = False
    for event in events:
        over = event.type == TERMINAL or (over and event.type != _GOES_ON)
    return over


async def _next(watch: Watch, task: Callable[[], asyncio.Task[None] | None], *, parked: bool) -> Live | None:
    """Return the next item, or None when none will come or the watcher lags too far behind."""
    working = task()
    if watch.lost or (working is None and not parked and watch.queue.empty()):
        return None
    if not watch.queue.empty():
        return watch.queue.get_nowait()
    getter = asyncio.ensure_future(watch.queue.get())
    try:
        others = [working] if working is not None and not parked else []
        await asyncio.wait([getter, *others], return_when=asyncio.FIRST_COMPLETED)
        if getter.done():
            return getter.result()
        return None if watch.queue.empty() else watch.queue.get_nowait()
    finally:
        getter.cancel()
