"""Places for runs: never too many at once, none given twice, none lost, nobody starved."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.context import ModelRequest
from runtime.base.errors import Json
from runtime.models.ports import ModelAnswer
from runtime.orchestration.turns import Owner, Turns

from .bench import HEAD, NEEDS, Answers, bench, compiled, double, toolset

pytestmark = pytest.mark.anyio

APP = (
    HEAD
    + NEEDS
    + "outputs: {a: string}\nnodes:\n  say: {type: llm, model: main, prompt: hi, in: {}}\n"
    + "  done: {type: end, in: {a: '${say.text}'}}\n"
)
OWNERS = st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"))


@given(
    st.lists(st.tuples(OWNERS, st.integers(1, 3), st.booleans()), max_size=30),
    st.integers(1, 5),
    st.none() | st.integers(1, 3),
)
@settings(max_examples=60, deadline=None)
def test_places_are_held_by_as_many_as_there_are(
    jobs: list[tuple[Owner, int, bool]], places: int, of_workspace: int | None
) -> None:
    turns = Turns(places, of_workspace)
    at_work: Counter[Owner] = Counter()
    done: list[int] = []

    async def job(number: int, owner: Owner, steps: int) -> None:
        async with turns.place(owner):
            at_work[owner] += 1
            assert at_work.total() <= places
            assert at_work[owner] <= max(1, places * 3 // 4)
            if of_workspace is not None:
                assert sum(n for (space, _), n in at_work.items() if space == owner[0]) <= of_workspace
            try:
                for _ in range(steps):
                    await asyncio.sleep(0)
                done.append(number)
            finally:
                at_work[owner] -= 1

    async def main() -> None:
        tasks = [asyncio.create_task(job(number, owner, steps)) for number, (owner, steps, _) in enumerate(jobs)]
        await asyncio.sleep(0)
        stopped = {number for number, (_, _, stop) in enumerate(jobs) if stop and tasks[number].cancel()}
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert {*range(len(jobs))} - stopped <= {*done}
        assert (turns.working, turns.waiting) == (0, 0)

    asyncio.run(main())


async def test_a_busy_app_leaves_places_and_the_next_one_to_others() -> None:
    turns = Turns(4)
    order: list[str] = []
    go = asyncio.Event()

    async def job(name: str, owner: Owner) -> None:
        async with turns.place(owner):
            order.append(name)
            await go.wait()

    noisy = [asyncio.create_task(job(f"noisy{n}", ("main", "noisy"))) for n in range(20)]
    await asyncio.sleep(0)
    quiet = [asyncio.create_task(job(f"quiet{n}", ("main", "quiet"))) for n in range(2)]
    await asyncio.sleep(0)
    assert order == ["noisy0", "noisy1", "noisy2", "quiet0"]
    go.set()
    await asyncio.gather(*noisy, *quiet)
    assert order.index("quiet1") < 6
    assert [name for name in order if name.startswith("noisy")] == [f"noisy{n}" for n in range(20)]


class Slow(Answers):
    """A model that takes its time, once it may begin."""

    def __init__(self) -> None:
        super().__init__()
        self.begin = asyncio.Event()

    async def answer(self, request: ModelRequest, only: Collection[str] | None) -> ModelAnswer:
        await self.begin.wait()
        await asyncio.sleep(0.04)
        return await super().answer(request, only)


async def test_runs_of_a_noisy_app_do_not_starve_another(tmp_path: Path) -> None:
    noisy, quiet = compiled(APP), compiled(APP.replace("id: example", "id: quiet"))
    models = Slow()
    async with bench(tmp_path, models=models, places=4) as host:
        many = [await host.engine.accept(noisy, {}) for _ in range(60)]
        one = await host.engine.accept(quiet, {})
        models.begin.set()
        record = await host.engine.wait(one.id)
        left = [info for info in many if (await host.engine.runs.get(info.id, "main")).status != "ended"]
        assert record.status == "ended"
        assert len(left) > 40
        for info in many:
            assert (await host.engine.wait(info.id)).status == "ended"


async def test_a_run_that_waits_for_a_place_can_be_cancelled(tmp_path: Path) -> None:
    hold = asyncio.Event()

    async def wait(arguments: Mapping[str, Json], key: str | None) -> Json:
        await hold.wait()
        return await double(arguments, key)

    text = (
        HEAD
        + NEEDS
        + (
            "outputs: {n: integer}\nnodes:\n  get: {type: tool, tool: t.read, in: {n: 1}, returns: 'map<integer>'}\n"
            "  done: {type: end, in: {n: '${get.result.n}'}}\n"
        )
    )
    async with bench(tmp_path, tools=toolset(read=wait), places=1) as host:
        first = await host.engine.accept(compiled(text), {})
        second = await host.engine.accept(compiled(text), {})
        third = await host.engine.accept(compiled(text), {})
        await asyncio.sleep(0.05)
        assert (await host.engine.cancel(second.id)).status == "cancelled"
        hold.set()
        for info in (first, third):
            assert (await host.engine.wait(info.id)).status == "ended"
