"""Joins: who comes first goes on, nobody waits for the others, and a replay takes the same way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from runtime.base.errors import Json
from runtime.orchestration.blocks import divide

from .bench import HEAD, NEEDS, Bench, bench, compiled, toolset

pytestmark = pytest.mark.anyio

RACE = (
    HEAD
    + NEEDS
    + (
        "inputs: {n: integer}\noutputs: {got: integer, arm: string}\nnodes:\n"
        "  start: {type: transform, out: {n: '${inputs.n}'}}\n"
        "  slow: {type: tool, tool: t.TOOL, in: {n: '${start.n + 100}'}}\n"
        "  more: {type: transform, out: {v: '${slow.result.n + 1}'}}\n"
        "  fast: {type: tool, tool: t.read, in: {n: '${start.n}'}}\n"
        "  one: {type: join, mode: MODE, in: {slow: '${more.v}', fast: '${fast.result.n}'}}\n"
        "  after: {type: tool, tool: t.read, in: {n: '${one.value}'}}\n"
        "  done: {type: end, in: {got: '${after.result.n}', arm: '${one.arm}'}}\n"
    )
)


def race(mode: str, tool: str = "read") -> str:
    return RACE.replace("MODE", mode).replace("TOOL", tool)


class Clock:
    """A tool that answers numbers above 100 only when it is let."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.calls: list[int] = []
        self.ended: list[int] = []

    async def __call__(self, arguments: Mapping[str, Json], key: str | None) -> Json:
        n = arguments["n"]
        assert isinstance(n, int)
        self.calls.append(n)
        if n > 100:
            await self.gate.wait()
        elif n > 9:
            self.gate.set()
        self.ended.append(n)
        return {"n": 2 * n}


async def run(on: Bench, text: str, n: int) -> tuple[str, dict[str, Json] | None]:
    info = await on.engine.accept(compiled(text), {"n": n})
    record = await asyncio.wait_for(on.engine.wait(info.id), 5)
    assert record.status == "ended", record.error
    return info.id, record.outputs


async def test_any_goes_on_with_who_comes_first_and_lets_the_others_end(tmp_path: Path) -> None:
    clock = Clock()
    async with bench(tmp_path, tools=toolset(read=clock)) as on:
        # The slow lane is let go only by the node after the join: a join that waited would never end.
        done, outputs = await run(on, race("any"), 7)
        assert outputs == {"got": 28, "arm": "fast"}
        assert clock.ended == [7, 14, 107]
        assert (await on.engine.replay(done)).outputs == outputs


async def test_first_stops_what_leads_to_the_others_only(tmp_path: Path) -> None:
    clock = Clock()
    async with bench(tmp_path, tools=toolset(read=clock)) as on:
        done, outputs = await run(on, race("first"), 2)
        assert outputs == {"got": 8, "arm": "fast"}
        assert 102 not in clock.ended
        events = await on.events(done)
        assert ("node.skipped", "slow") in events
        assert ("node.skipped", "more") in events
        assert ("node.skipped", "start") not in events
        assert (await on.engine.replay(done)).outputs == outputs


async def test_what_acts_on_the_world_is_not_cut_off(tmp_path: Path) -> None:
    clock = Clock()
    text = race("first", "act").replace("'${start.n + 100}'}", "'${start.n + 100}'}, approve: never")
    async with bench(tmp_path, tools=toolset(read=clock, act=clock)) as on:
        _, outputs = await run(on, text, 7)
        assert outputs == {"got": 28, "arm": "fast"}
        assert 107 in clock.ended


async def test_a_join_takes_the_arm_that_is_not_skipped(tmp_path: Path) -> None:
    text = HEAD + (
        "inputs: {n: integer}\noutputs: {got: string}\nnodes:\n"
        "  pick: {type: branch, cases: {big: inputs.n > 5, small: inputs.n < 0}}\n"
        "  high: {type: transform, out: {v: high}}\n  low: {type: transform, out: {v: low}}\n"
        "  one: {type: join, in: {a: '${high.v}', b: '${low.v}'}}\n"
        "  done: {type: end, in: {got: '${one.value}'}}\n  none: {type: end, in: {got: none}}\n"
        "edges: [[pick.big, high], [pick.small, low], [pick.else, none]]\n"
    )
    async with bench(tmp_path) as on:
        for n, got in ((7, "high"), (-1, "low"), (3, "none")):
            _, outputs = await run(on, text, n)
            assert outputs == {"got": got}


PERSON = (
    HEAD
    + NEEDS
    + (
        "inputs: {n: integer}\noutputs: {got: string}\nnodes:\n"
        "  ask: {type: human, actions: [sure], form: {text: string}}\n"
        "  then: {type: transform, out: {v: '${ask.text + \"!\"}'}}\n"
        "  other: {type: human, actions: [sure], form: {text: string}}\n"
        "  one: {type: join, mode: first, in: {a: '${then.v}', b: '${other.text}'}}\n"
        "  done: {type: end, in: {got: '${one.value}'}}\n"
    )
)


async def test_the_question_of_an_arm_that_lost_is_taken_back(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        info = await on.engine.accept(compiled(PERSON), {"n": 1})
        assert (await on.engine.wait(info.id)).status == "waiting"
        asks = {str(one["path"]): str(one["id"]) for one in await on.engine.asks(info.id)}
        assert set(asks) == {"ask", "other"}
        await on.engine.answer(info.id, asks["other"], action="sure", form={"text": "b"}, by="ann")
        record = await on.engine.wait(info.id)
        assert record.outputs == {"got": "b"}
        assert await on.engine.asks(info.id) == []
        assert ("ask.withdrawn", "ask") in await on.events(info.id)
        assert (await on.engine.replay(info.id)).outputs == record.outputs


async def test_a_crash_after_the_choice_keeps_to_it(tmp_path: Path) -> None:
    gate = asyncio.Event()
    begun = asyncio.Event()

    async def tool(arguments: Mapping[str, Json], key: str | None) -> Json:
        n = arguments["n"]
        assert isinstance(n, int)
        if n == 14:
            begun.set()
            await gate.wait()
        if n > 100 and not gate.is_set():
            await asyncio.sleep(0.05)
        return {"n": 2 * n}

    tools = toolset(read=tool)
    async with bench(tmp_path, tools=tools) as on:
        info = await on.engine.accept(compiled(race("any")), {"n": 7})
        await begun.wait()
        await asyncio.sleep(0.2)
    gate.set()
    async with bench(tmp_path, tools=tools) as on:
        assert await on.engine.start() == [info.id]
        record = await on.engine.wait(info.id)
        # The slow arm is written first and is there by now; the journal says that the other one was taken.
        assert record.outputs == {"got": 28, "arm": "fast"}


def test_no_cut_lies_between_a_lane_and_what_does_not_wait_for_it() -> None:
    blocks = [[[node.id for node in cell] for cell in block] for block in divide(compiled(race("any")).nodes)]
    [[cell]] = blocks
    assert set(cell) == {"start", "slow", "more", "fast", "one", "after", "done"}
