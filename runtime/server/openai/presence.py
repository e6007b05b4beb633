"""Work for a client that may go away: nobody pays for an answer that nobody hears."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

__all__ = ["ClientGone", "while_present"]

T = TypeVar("T")


class ClientGone(Exception):
    """The client has closed its connection."""


async def while_present(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return what work gives; it is cancelled when the client goes away.

    Raises:
        ClientGone: The client went away first.
    """
    task, gone = asyncio.create_task(work), asyncio.create_task(_gone(request))
    try:
        await asyncio.wait([task, gone], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGone
    finally:
        for one in (task, gone):
            one.cancel()
        await asyncio.wait([task, gone])


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
