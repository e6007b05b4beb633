from __future__ import annotations

import asyncio

import pytest

from runtime.models.errors import ModelBusy
from runtime.models.local.turns import Turns

pytestmark = pytest.mark.anyio


async def test_lanes_take_turns() -> None:
    turns, order = Turns(), list[str]()

    async def work(lane: str) -> None:
        await turns.take(lane)
        order.append(lane)
        await asyncio.sleep(0)
        turns.release()

    await asyncio.gather(*(work("a") for _ in range(4)), *(work("b") for _ in range(2)))
    assert "".join(order) == "aababa"
    assert turns.waiting == 0


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
