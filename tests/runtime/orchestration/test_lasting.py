"""What must not depend on when a process ends: timeouts in replays, budgets over attempts, nodes at work."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from runtime.base.errors import Json
from tools.errors import ToolFailed

from .bench import HEAD, NEEDS, bench, compiled, toolset

pytestmark = pytest.mark.anyio

LATE = (
    HEAD
    + NEEDS
    + (
        "inputs: {n: integer}\noutputs: {said: string}\nnodes:\n"
        "  one:\n    type: try\n    timeout: 200ms\n    body:\n      nodes:\n"
        "        fast: {type: tool, tool: t.read, in: {n: 1}, returns: 'map<integer>'}\n"
        "        slow: {type: tool, tool: t.read, in: {n: '${fast.result.n + 98}'}}\n"
        "      out: {n: '${string(slow.text)}'}\n"
        "  fine: {type: end, in: {said: '${one.n}'}}\n"
        "  late: {type: end, in: {said: '${one.error.code}'}}\n"
        "edges: [[one.ok, fine], [one.error, late]]\n"
    )
)


async def test_a_timeout_is_a_timeout_again_in_a_replay(tmp_path: Path) -> None:
    async def slow(arguments: Mapping[str, Json], key: str | None) -> Json:
        n = arguments["n"]
        assert isinstance(n, int)
        if n == 100:
            await asyncio.sleep(5)
        return {"n": 2 * n}

    async with bench(tmp_path, tools=toolset(read=slow)) as on:
        info = await on.engine.accept(compiled(LATE), {"n": 1})
        record = await on.engine.wait(info.id)
        assert record.outputs == {"said": "BG734"}, record.error
        again = await on.engine.replay(info.id)
        assert again.outputs == record.outputs, again.error


SPEND = (
    HEAD
    + NEEDS
    + (
        "inputs: {n: integer}\noutputs: {n: integer}\nnodes:\n"
        "  each:\n    type: map\n    over: '[1, 2, 3, 4]'\n    parallel: 1\n    budget: {tool_calls: 3}\n    body:\n"
        "      nodes: {call: {type: tool, tool: t.read, in: {n: '${row}'}, returns: 'map<integer>'}}\n"
        "      out: {n: '${call.result.n}'}\n"
        "  done: {type: end, in: {n: '${each.items[0].n}'}}\n"
    )
)


async def test_the_budget_of_a_node_is_one_for_all_its_attempts(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        info = await on.engine.accept(compiled(SPEND), {"n": 1})
        record = await on.engine.wait(info.id)
        assert record.error is not None
        assert record.error["code"] == "BG750"
        assert len(on.tools.calls) == 3
    async with bench(tmp_path) as on:
        await on.engine.resume(info.id)
        record = await on.engine.wait(info.id)
        assert record.error is not None
        assert record.error["code"] == "BG750"
        assert on.tools.calls == []


async def test_a_retry_draws_on_the_same_budget(tmp_path: Path) -> None:
    async def fails(arguments: Mapping[str, Json], key: str | None) -> Json:
        raise ToolFailed("No.")

    text = (
        HEAD
        + NEEDS
        + (
            "outputs: {n: integer}\nnodes:\n"
            "  call: {type: tool, tool: t.read, in: {n: 1}, returns: 'map<integer>', budget: {tool_calls: 2},\n"
            "    retry: {max: 5, backoff: 1ms}}\n"
            "  done: {type: end, in: {n: '${call.result.n}'}}\n"
        )
    )
    async with bench(tmp_path, tools=toolset(read=fails)) as on:
        info = await on.engine.accept(compiled(text), {})
        record = await on.engine.wait(info.id)
        assert record.error is not None
        assert record.error["code"] == "BG750"
        assert len(on.tools.calls) == 2


ASKED = (
    HEAD
    + NEEDS
    + (
        "outputs: {n: integer}\nbudget: {seconds: 1}\nnodes:\n"
        "  one: {type: tool, tool: t.read, in: {n: 1}, returns: 'map<integer>'}\n"
        "  ask: {type: human, actions: [ok]}\n"
        "  two: {type: tool, tool: t.read, in: {n: '${one.result.n}'}, returns: 'map<integer>'}\n"
        "  done: {type: end, in: {n: '${two.result.n}'}}\n"
        "edges: [[one, ask], [ask.ok, two]]\n"
    )
)


async def test_the_seconds_of_a_run_are_those_at_work_through_all_its_parts(tmp_path: Path) -> None:
    async def slow(arguments: Mapping[str, Json], key: str | None) -> Json:
        await asyncio.sleep(0.6)
        return {"n": 2}

    async with bench(tmp_path, tools=toolset(read=slow)) as on:
        info = await on.engine.accept(compiled(ASKED), {})
        assert (await on.engine.wait(info.id)).status == "waiting"
        await asyncio.sleep(0.5)
        [ask] = await on.engine.asks(info.id)
        await on.engine.answer(info.id, str(ask["id"]), action="ok", form={}, by="ann")
        record = await on.engine.wait(info.id)
        # 0.6 s before the question and 0.6 s after it are more than one second; the half second between does not count.
        assert record.error is not None
        assert (record.error["code"], record.error["details"]) == ("BG750", record.error["details"])
        seconds = record.usage["seconds"]
        assert isinstance(seconds, float)
        assert 1.0 <= seconds < 1.5


CHAIN = (
    HEAD
    + NEEDS
    + (
        "outputs: {n: integer}\nnodes:\n"
        "  one: {type: tool, tool: t.read, in: {n: 1}, returns: 'map<integer>'}\n"
        "  two: {type: tool, tool: t.read, in: {n: '${one.result.n}'}, returns: 'map<integer>'}\n"
        "  done: {type: end, in: {n: '${two.result.n}'}}\n"
    )
)


async def test_a_node_at_work_comes_to_its_end_before_the_engine_does(tmp_path: Path) -> None:
    begun = asyncio.Event()
    calls: list[Json] = []

    async def slow(arguments: Mapping[str, Json], key: str | None) -> Json:
        calls.append(arguments["n"])
        begun.set()
        await asyncio.sleep(0.3)
        return {"n": 5}

    tools = toolset(read=slow)
    async with bench(tmp_path, tools=tools) as on:
        info = await on.engine.accept(compiled(CHAIN), {})
        await begun.wait()
        await on.engine.close(drain=5)
        assert ("node.ended", "one") in [(one.type, one.path) for one in await on.engine.history(info.id)]
    assert calls == [1]
    async with bench(tmp_path, tools=tools) as on:
        assert await on.engine.start() == [info.id]
        assert (await on.engine.wait(info.id)).outputs == {"n": 5}
    assert calls == [1, 5]
