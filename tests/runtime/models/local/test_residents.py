"""Which models are in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.models.errors import ModelBusy, ModelNotLoaded
from runtime.models.local.backend import LocalModel
from runtime.models.local.gguf import read_header
from runtime.models.local.residents import Residents, estimate, machine_memory
from runtime.models.local.weights import Patience, Weights

from .conftest import alive, pid_of, until
from .test_backend import SHORT, STORY, say

pytestmark = pytest.mark.anyio

CONTEXT = 512


class Fake:
    """A model that is idle or not, as one says."""

    def __init__(self, residents: Residents, *, idle: bool = True) -> None:
        self.residents = residents
        self.idle = idle
        self.gone = False

    async def unload(self) -> None:
        self.gone = True
        self.residents.leave(self)


async def test_the_least_recently_used_go_first() -> None:
    residents = Residents(10)
    old, busy, new = Fake(residents), Fake(residents, idle=False), Fake(residents)
    for model in (busy, old, new):
        await residents.admit(model, 3, 1)
    residents.use(old)
    await residents.admit(Fake(residents), 3, 1)
    assert (old.gone, busy.gone, new.gone) == (False, False, True)
    await residents.admit(Fake(residents), 7, 1)
    assert (old.gone, busy.gone, residents.held) == (True, False, 10)


async def test_busy_ones_are_waited_for_but_not_for_ever() -> None:
    residents = Residents(10)
    busy, late = Fake(residents, idle=False), Fake(residents)
    await residents.admit(busy, 6, 1)
    with pytest.raises(ModelBusy, match=r"BG843: .* busy for 0\.01 s"):
        await residents.admit(late, 6, 0.01)
    waiting = asyncio.create_task(residents.admit(late, 6, 60))
    await asyncio.sleep(0)
    assert not waiting.done()
    busy.idle = True
    residents.use(busy)
    await waiting
    assert busy.gone and residents.held == 6


async def test_what_can_never_fit_is_refused() -> None:
    residents = Residents(100 << 20)
    with pytest.raises(ModelNotLoaded, match="BG841: The model needs about 101 MiB of memory; 100 MiB are allowed"):
        await residents.admit(Fake(residents), (100 << 20) + 1, 1)
    assert Residents().budget == machine_memory() * 3 // 4 > 0


def test_the_need_is_the_file_the_cache_and_what_it_takes_to_compute(smollm2: Path) -> None:
    header = read_header(smollm2)
    small, large, kept = (estimate(header, *known) for known in [(512, 0), (1024, 0), (512, 1000)])
    cache, scores = 2 * 30 * 3 * (64 + 64), 4 * 512 * 9
    assert large - small == 512 * (cache + scores)
    assert kept - small == 1000
    assert small > header.size
    assert estimate(header, 1 << 20, 0) == estimate(header, 8192, 0), "the context is not larger than the model's"


@pytest.fixture
async def pair(smollm2: Path) -> AsyncIterator[tuple[LocalModel, LocalModel]]:
    """Two models, only one of which fits into memory."""
    weights = Weights(kept_mb=0, limits=Patience(start=30))
    residents = Residents(estimate(read_header(smollm2), CONTEXT, 0) * 3 // 2)
    models = [LocalModel(smollm2, weights, CONTEXT, residents=residents) for _ in range(2)]
    yield models[0], models[1]
    await asyncio.gather(*(model.close() for model in models))
    assert residents.held == 0


@pytest.mark.slow
async def test_one_model_makes_room_for_another(pair: tuple[LocalModel, LocalModel]) -> None:
    one, other = pair
    said = await say(one)
    first = pid_of(one)
    assert await say(other) == said
    assert not alive(first) and one.pid is None
    second = pid_of(other)
    assert await asyncio.gather(say(one), say(one)) == [said, said]
    assert not alive(second)


@pytest.mark.slow
async def test_a_model_at_work_is_not_unloaded(pair: tuple[LocalModel, LocalModel]) -> None:
    one, other = pair
    order = list[str]()
    begun = asyncio.Event()

    async def tell() -> None:
        async for _ in one.generate(STORY):
            begun.set()
        order.append("story")

    async def answer() -> None:
        await begun.wait()
        await other.count(SHORT.messages)
        order.append("count")

    async with asyncio.TaskGroup() as group:
        group.create_task(tell())
        group.create_task(answer())
    assert order == ["story", "count"]


@pytest.mark.slow
async def test_a_model_that_is_too_large_is_not_started(smollm2: Path) -> None:
    model = LocalModel(smollm2, Weights(), CONTEXT, residents=Residents(50 << 20))
    with pytest.raises(ModelNotLoaded, match=r"needs about \d+ MiB of memory; 50 MiB are allowed"):
        await say(model)
    assert model.pid is None


@pytest.mark.slow
async def test_an_idle_model_gives_its_memory_back(smollm2: Path) -> None:
    model = LocalModel(smollm2, Weights(unload_s=0.2), CONTEXT)
    said = await say(model)
    pid = pid_of(model)
    assert await until(lambda: not alive(pid))
    assert await say(model) == said
    assert pid_of(model) != pid
    await model.close()
