from __future__ import annotations

import asyncio

import pytest

from runtime.models.errors import ModelBusy
from runtime.models.local.turns import Caller, Turns

pytestmark = pytest.mark.anyio


async def order(*callers: Caller) -> str:
    """Return the lanes in the order in which their calls got their turn."""
    turns, found = Turns(), list[str]()

    async def work(caller: Caller) -> None:
        await turns.take(caller)
        found.append(caller.lane)
        await asyncio.sleep(0)
        turns.release()

    await asyncio.gather(*map(work, callers))
    assert turns.waiting == 0 and not turns.busy
    return "".join(found)


async def test_lanes_take_turns() -> None:
    assert await order(*map(Caller, "aaaabb")) == "aababa"


async def test_background_calls_come_when_no_other_waits() -> None:
    later = [Caller(lane, background=True) for lane in "xxyy"]
    assert await order(*later, *map(Caller, "aaabb")) == "xababaxyy"


async def test_a_full_queue_refuses() -> None:
    turns = Turns(limit=0)
    await turns.take()
    with pytest.raises(ModelBusy, match="BG843"):
        await turns.take()
    turns.release()
    await turns.take()


async def test_a_turn_that_comes_with_the_cancellation_is_passed_on() -> None:
    turns = Turns()
    await turns.take()
    leaving, staying = asyncio.create_task(turns.take()), asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    turns.release()
    leaving.cancel()
    async with asyncio.timeout(1):
        await staying
    assert leaving.cancelled()
