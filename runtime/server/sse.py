"""A run's events as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from ..base.events import Event, Live

__all__ = ["encode", "stream"]

PING: Final = b": ping\n\n"


def encode(item: Live) -> bytes:
    """Return an event in the stream's form; only a journalled one has an id, to go on from."""
    number = f"id: {item.seq}\n" if isinstance(item, Event) else ""
    return f"{number}event: {item.type}\ndata: {json.dumps(item.to_json(), ensure_ascii=False)}\n\n".encode()


async def stream(events: AsyncGenerator[Live, None], *, pause: float = 15.0) -> AsyncIterator[bytes]:
    """Yield encoded events, and a comment in every pause so that nobody takes the line for dead.

    Args:
        events: The events.
        pause: Seconds without an event.
    """
    async with aclosing(events):
        following = asyncio.ensure_future(anext(events, None))
        try:
            while True:
                await asyncio.wait([following], timeout=pause)
                if not following.done():
                    yield PING
                    continue
                item = following.result()
                if item is None:
                    return
                yield encode(item)
                following = asyncio.ensure_future(anext(events, None))
        finally:
            following.cancel()
            await asyncio.wait([following])
