"""Hears a model out: the pieces of its answer as they come, then the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, TypeAlias

from ...models.ports import Delta, ModelAnswer

__all__ = ["Ask", "hear"]

Ask: TypeAlias = Callable[[Delta | None], Coroutine[Any, Any, ModelAnswer]]
"""Makes the call; text is given away piece by piece."""


async def hear(ask: Ask) -> AsyncGenerator[str | ModelAnswer]:
    """Yield the pieces of an answer, then the answer; to close the generator stops the model.

    Raises:
        BaigongError: There is no answer.
    """
    pieces: asyncio.Queue[str | None] = asyncio.Queue()
    task = asyncio.create_task(ask(pieces.put_nowait))
    task.add_done_callback(lambda _: pieces.put_nowait(None))
    try:
        while (piece := await pieces.get()) is not None:
            yield piece
        yield await task
    finally:
        task.cancel()
        await asyncio.wait([task])
