"""Forks, partial runs and pins; runs side by side; effects that a person has to settle."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from runtime.base.errors import Json
from runtime.orchestration.compare import compare
from runtime.orchestration.errors import EffectNotOpen, PinInvalid, PlaceUnknown
from runtime.orchestration.forks import Fork
from tools.errors import ToolFailed

from .bench import HEAD, NEEDS, Bench, bench, compiled, toolset

pytestmark = pytest.mark.anyio

CHAIN = (
    HEAD
    + NEEDS
    + (
        "inputs: {n: integer}\noutputs: {n: integer, other: integer}\nnodes:\n"
        "  one: {type: tool, tool: t.read, in: {n: '${inputs.n}'}, returns: 'map<integer>'}\n"
        "  two: {type: tool, tool: t.read, in: {n: '${one.result.n + 1}'}, returns: 'map<integer>'}\n"
        "  pick: {type: branch, cases: {big: two.result.n > 10}}\n"
        "  high: {type: transform, out: {v: '${two.result.n * 100}'}}\n"
        "  low: {type: transform, out: {v: '${two.result.n}'}}\n"
        "  side: {type: tool, tool: t.read, in: {n: 50}, returns: 'map<integer>'}\n"
        "  done: {type: end, in: {n: '${high.?v.orValue(0) + low.?v.orValue(0)}', other: '${side.result.n}'}}\n"
        "edges: [[pick.big, high], [pick.else, low]]\n"
    )
)


class Counted:
    """A tool that doubles and counts; it fails for the numbers that it is told."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.fails: set[int] = set()

    async def __call__(self, arguments: Mapping[str, Json], key: str | None) -> Json:
        n = arguments["n"]
        assert isinstance(n, int)
        self.calls.append(n)
        if n in self.fails:
            raise ToolFailed(f"No {n}.")
        return {"n": 2 * n}


async def ran(on: Bench, text: str, n: int) -> str:
    info = await on.engine.accept(compiled(text), {"n": n})
    await on.engine.wait(info.id)
    return info.id


async def forked(on: Bench, run: str, change: Fork) -> tuple[str, dict[str, Json] | None]:
    info = await on.engine.fork(run, change)
    record = await on.engine.wait(info.id)
    assert record.status == "ended", record.error
    assert record.info.fork_of == run
    return info.id, record.outputs


async def test_a_fork_with_another_value_does_again_only_what_depends_on_it(tmp_path: Path) -> None:
    tool = Counted()
    async with bench(tmp_path, tools=toolset(read=tool)) as on:
        run = await ran(on, CHAIN, 1)
        assert (await on.engine.runs.get(run, "main")).outputs == {"n": 6, "other": 100}
        tool.calls.clear()
        fork, outputs = await forked(on, run, Fork(pins={"one": {"result": {"n": 10}}}))
        assert outputs == {"n": 2200, "other": 100}
        assert tool.calls == [11]
        assert (await on.engine.replay(fork)).outputs == outputs
        events = await on.engine.history(fork)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert sum(event.type == "run.ended" for event in events) == 1


async def test_a_fork_at_an_event_takes_over_what_was_done_before_it(tmp_path: Path) -> None:
    tool = Counted()
    async with bench(tmp_path, tools=toolset(read=tool)) as on:
        run = await ran(on, CHAIN, 1)
        ended = next(one for one in await on.engine.history(run) if (one.type, one.path) == ("node.ended", "one"))
        tool.calls.clear()
        _, outputs = await forked(on, run, Fork(at=ended.seq))
        assert outputs == {"n": 6, "other": 100}
        assert 1 not in tool.calls
        assert 3 in tool.calls


async def test_a_rerun_begins_at_a_node(tmp_path: Path) -> None:
    tool = Counted()
    async with bench(tmp_path, tools=toolset(read=tool)) as on:
        run = await ran(on, CHAIN, 1)
        tool.calls.clear()
        _, outputs = await forked(on, run, Fork(since="two"))
        assert outputs == {"n": 6, "other": 100}
        assert tool.calls == [3]


async def test_one_node_runs_on_values_of_another_run_or_on_pinned_ones(tmp_path: Path) -> None:
    tool = Counted()
    async with bench(tmp_path, tools=toolset(read=tool)) as on:
        run = await ran(on, CHAIN, 1)
        tool.calls.clear()
        _, outputs = await forked(on, run, Fork(only="two", pins={"one": {"result": {"n": 7}}}))
        assert outputs is not None
        assert outputs["result"] == {"n": 16}
        assert tool.calls == [8]
        change = Fork(only="high", pins={"two": {"result": {"n": 3}}})
        info = await on.engine.accept(compiled(CHAIN), {}, change=change)
        record = await on.engine.wait(info.id)
        assert record.outputs == {"v": 300}
        assert (await on.engine.replay(info.id)).outputs == {"v": 300}


async def test_pinned_nodes_are_not_run(tmp_path: Path) -> None:
    tool = Counted()
    async with bench(tmp_path, tools=toolset(read=tool)) as on:
        change = Fork(pins={"one": {"result": {"n": 9}}, "pick": {"case": "big"}})
        info = await on.engine.accept(compiled(CHAIN), {"n": 1}, change=change)
        record = await on.engine.wait(info.id)
        assert record.outputs == {"n": 2000, "other": 100}
        assert sorted(tool.calls) == [10, 50]


async def test_the_way_of_a_pinned_node_is_said_where_no_port_says_it(tmp_path: Path) -> None:
    text = HEAD + (
        "inputs: {n: integer}\noutputs: {said: string}\nnodes:\n"
        "  check: {type: guard, must: [a], in: {value: b}}\n"
        "  fine: {type: end, in: {said: '${check.value}'}}\n  bad: {type: end, in: {said: bad}}\n"
        "edges: [[check.pass, fine], [check.fail, bad]]\n"
    )
    async with bench(tmp_path) as on:
        run = await ran(on, text, 1)
        assert (await on.engine.runs.get(run, "main")).outputs == {"said": "bad"}
        fork, outputs = await forked(on, run, Fork(pins={"check": {"handle": "pass", "value": "pinned"}}))
        assert outputs == {"said": "pinned"}
        assert (await on.engine.replay(fork)).outputs == outputs
        with pytest.raises(PinInvalid, match="way"):
            await on.engine.fork(run, Fork(pins={"check": {"handle": "gone"}}))


async def test_a_pin_that_does_not_fit_starts_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        run = await ran(on, CHAIN, 1)
        for pins, error in (
            ({"gone": {"v": 1}}, PlaceUnknown),
            ({"one": {"gone": 1}}, PinInvalid),
            ({"high": {"v": "text"}}, PinInvalid),
        ):
            with pytest.raises(error):
                await on.engine.fork(run, Fork(pins=pins))
        with pytest.raises(PinInvalid, match="way"):
            await on.engine.accept(compiled(CHAIN), {"n": 1}, change=Fork(pins={"pick": {}}))
        assert len(await on.engine.runs.list("main")) == 1


async def test_a_fork_of_a_failed_run_tries_the_failed_node_anew(tmp_path: Path) -> None:
    tool = Counted()
    tool.fails = {3}
    async with bench(tmp_path, tools=toolset(read=tool)) as on:
        run = await ran(on, CHAIN, 1)
        assert (await on.engine.runs.get(run, "main")).status == "failed"
        tool.fails.clear()
        tool.calls.clear()
        _, outputs = await forked(on, run, Fork())
        assert outputs == {"n": 6, "other": 100}
        assert 1 not in tool.calls


async def test_a_fork_is_taken_up_after_a_crash_from_its_own_journal(tmp_path: Path) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()
    calls: list[int] = []

    async def held(arguments: Mapping[str, Json], key: str | None) -> Json:
        n = arguments["n"]
        assert isinstance(n, int)
        calls.append(n)
        if n == 11 and not gate.is_set():
            begun.set()
            await asyncio.sleep(60)
        return {"n": 2 * n}

    tools = toolset(read=held)
    async with bench(tmp_path, tools=tools) as on:
        run = await ran(on, CHAIN, 1)
        calls.clear()
        info = await on.engine.fork(run, Fork(pins={"one": {"result": {"n": 10}}}))
        await begun.wait()
    gate.set()
    async with bench(tmp_path, tools=tools) as on:
        assert await on.engine.start() == [info.id]
        record = await on.engine.wait(info.id)
        assert record.outputs == {"n": 2200, "other": 100}
        assert record.usage["tool_calls"] == 1
    assert calls == [11, 11]


EACH = (
    HEAD
    + NEEDS
    + (
        "inputs: {n: integer}\noutputs: {sum: list<integer>}\nnodes:\n"
        "  each:\n    type: map\n    over: '[1, 2, 3]'\n    body:\n      nodes:\n"
        "        twice: {type: tool, tool: t.read, in: {n: '${row}'}, returns: 'map<integer>'}\n"
        "        plus: {type: transform, out: {v: '${twice.result.n + inputs.n}'}}\n"
        "      out: {v: '${plus.v}'}\n"
        "  done: {type: end, in: {sum: '${each.items.map(x, x.v)}'}}\n"
    )
)


async def test_a_fork_reaches_into_a_container(tmp_path: Path) -> None:
    tool = Counted()
    async with bench(tmp_path, tools=toolset(read=tool)) as on:
        run = await ran(on, EACH, 1)
        tool.calls.clear()
        _, outputs = await forked(on, run, Fork(pins={"each[1].twice": {"result": {"n": 50}}}))
        assert outputs == {"sum": [3, 51, 7]}
        assert tool.calls == []
        _, outputs = await forked(on, run, Fork(since="each[2].twice"))
        assert outputs == {"sum": [3, 5, 7]}
        assert tool.calls == [3]


async def test_two_runs_are_compared_node_by_node(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        left, right = await ran(on, CHAIN, 1), await ran(on, CHAIN, 9)
        found = compare(await on.engine.history(left), await on.engine.history(right))
        by_path = {str(one["path"]): one for one in found}
        assert by_path["side"]["same"] is True
        assert by_path["two"]["same"] is False
        assert by_path["two"]["changed"] == {
            "calls": [[{"kind": "tool", "given": {"n": 3}}], [{"kind": "tool", "given": {"n": 19}}]],
            "ports.result": [{"n": 6}, {"n": 38}],
            "ports.text": by_path["two"]["changed"]["ports.text"],  # type: ignore[index,call-overload]
        }
        assert by_path["pick"]["changed"]["handle"] == ["else", "big"]  # type: ignore[index,call-overload]
        same = compare(await on.engine.history(left), await on.engine.history(left))
        assert all(one["same"] for one in same)


ONCE = (
    HEAD
    + NEEDS
    + (
        "inputs: {n: integer}\noutputs: {n: integer}\nnodes:\n"
        "  act: {type: tool, tool: t.once, approve: never, in: {n: '${inputs.n}'}, returns: 'map<integer>'}\n"
        "  done: {type: end, in: {n: '${act.result.n}'}}\n"
    )
)


async def in_doubt(folder: Path, calls: list[int]) -> tuple[str, str]:
    """Leave a run behind whose effect was begun and never ended."""
    begun = asyncio.Event()

    async def hangs(arguments: Mapping[str, Json], key: str | None) -> Json:
        n = arguments["n"]
        assert isinstance(n, int)
        calls.append(n)
        begun.set()
        await asyncio.sleep(60)
        return None

    async with bench(folder, tools=toolset(once=hangs)) as on:
        info = await on.engine.accept(compiled(ONCE), {"n": 4})
        await begun.wait()
    async with bench(folder) as on:
        await on.engine.start()
        assert (await on.engine.wait(info.id)).status == "doubt"
        [effect] = await on.engine.effects(info.id)
        assert (effect["state"], effect["path"], effect["class"]) == ("doubt", "act", "once")
    return info.id, str(effect["effect"])


async def test_an_effect_that_happened_is_settled_with_its_result(tmp_path: Path) -> None:
    calls: list[int] = []
    run, effect = await in_doubt(tmp_path, calls)
    async with bench(tmp_path) as on:
        with pytest.raises(EffectNotOpen):
            await on.engine.settle(run, "gone", done=True)
        long = "x" * 40_000
        await on.engine.settle(run, effect, done=True, result={"n": 8}, text=long, by="ann")
        settled = next(one for one in await on.engine.history(run) if one.type == "effect.settled")
        assert long not in str(settled.data)
        record = await on.engine.wait(run)
        assert record.outputs == {"n": 8}
        assert [one["state"] for one in await on.engine.effects(run)] == ["done"]
        again = await on.engine.replay(run)
        assert again.outputs == {"n": 8}, again.error
        with pytest.raises(EffectNotOpen):
            await on.engine.settle(run, effect, done=True)
    assert calls == [4]


async def test_an_effect_that_did_not_happen_is_tried_again(tmp_path: Path) -> None:
    calls: list[int] = []
    run, effect = await in_doubt(tmp_path, calls)
    tool = Counted()
    async with bench(tmp_path, tools=toolset(once=tool)) as on:
        await on.engine.settle(run, effect, done=False, by="ann")
        record = await on.engine.wait(run)
        assert record.outputs == {"n": 8}
    assert tool.calls == [4]
