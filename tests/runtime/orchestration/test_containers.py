"""Containers in runs: passes side by side, rounds, failures that are coped with, people in the middle, replays."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from runtime.base.errors import Json
from tools.errors import ToolFailed

from .bench import HEAD, NEEDS, Bench, bench, compiled, toolset

pytestmark = pytest.mark.anyio

MAP = (
    HEAD
    + NEEDS
    + (
        "inputs: {ns: list<integer>, plus: {type: integer, default: 1}}\n"
        "outputs: {sums: list<json>, failed: list<ItemError>}\n"
        "nodes:\n"
        "  each:\n    type: map\n    over: inputs.ns\n    as: n\n    parallel: 4\n    on_item_error: MODE\n"
        "    body:\n      nodes:\n"
        '        twice: {type: tool, tool: t.read, in: {n: "${n}"}}\n'
        "      out: {at: '${n_index}', sum: '${twice.result.n + inputs.plus}'}\n"
        '  done: {type: end, in: {sums: "${each.items}", failed: "${each.failed}"}}\n'
    )
)


async def ended(on: Bench, text: str, inputs: dict[str, Json]) -> tuple[str, dict[str, Json] | None]:
    info = await on.engine.accept(compiled(text), inputs)
    record = await on.engine.wait(info.id)
    return info.id, record.outputs


def sum_of(at: int, value: int) -> Json:
    return {"at": at, "sum": value}


async def test_a_map_gives_its_results_in_the_order_of_the_list(tmp_path: Path) -> None:
    async def slow_first(arguments: Mapping[str, Json], key: str | None) -> Json:
        n = arguments["n"]
        assert isinstance(n, int)
        await asyncio.sleep(0.02 if n == 1 else 0)
        return {"n": 2 * n}

    async with bench(tmp_path, tools=toolset(read=slow_first)) as on:
        run, outputs = await ended(on, MAP.replace("MODE", "fail"), {"ns": [1, 2, 3, 4, 5, 6]})
        assert outputs == {"sums": [sum_of(at, 2 * at + 3) for at in range(6)], "failed": []}
        paths = {path for _, path in await on.events(run)}
        assert {"each[0].twice", "each[5].twice"} <= paths
        replayed = await on.engine.replay(run)
        assert replayed.outputs == outputs


async def test_no_more_items_run_at_a_time_than_parallel_says(tmp_path: Path) -> None:
    running, most = 0, 0

    async def counted(arguments: Mapping[str, Json], key: str | None) -> Json:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1
        return {"n": 0}

    async with bench(tmp_path, tools=toolset(read=counted)) as on:
        await ended(on, MAP.replace("MODE", "fail"), {"ns": list(range(20))})
    assert most == 4


async def failing(arguments: Mapping[str, Json], key: str | None) -> Json:
    n = arguments["n"]
    assert isinstance(n, int)
    if n == 2:
        raise ToolFailed("Two is too much.")
    return {"n": 2 * n}


@pytest.mark.parametrize(
    ("mode", "sums"),
    [("keep", [sum_of(0, 3), None, sum_of(2, 7)]), ("drop", [sum_of(0, 3), sum_of(2, 7)])],
)
async def test_a_failed_item_is_kept_or_dropped_and_named(tmp_path: Path, mode: str, sums: list[Json]) -> None:
    async with bench(tmp_path, tools=toolset(read=failing)) as on:
        run, outputs = await ended(on, MAP.replace("MODE", mode), {"ns": [1, 2, 3]})
        assert outputs is not None
        assert outputs["sums"] == sums
        [failure] = outputs["failed"] if isinstance(outputs["failed"], list) else []
        assert isinstance(failure, dict)
        assert failure["index"] == 1
        assert "Two is too much" in str(failure["error"])
        assert (await on.engine.replay(run)).outputs == outputs


async def test_a_failed_item_fails_the_map_and_a_resume_repeats_only_that_item(tmp_path: Path) -> None:
    calls: list[int] = []
    broken = True

    async def once_broken(arguments: Mapping[str, Json], key: str | None) -> Json:
        n = arguments["n"]
        assert isinstance(n, int)
        calls.append(n)
        if n == 3 and broken:
            raise ToolFailed("Not now.")
        return {"n": 2 * n}

    async with bench(tmp_path, tools=toolset(read=once_broken)) as on:
        info = await on.engine.accept(compiled(MAP.replace("MODE", "fail")), {"ns": [1, 2, 3]})
        record = await on.engine.wait(info.id)
        assert record.status == "failed"
        assert record.error is not None
        assert record.error["where"] == "each[2].twice"
        broken = False
        await on.engine.resume(info.id)
        record = await on.engine.wait(info.id)
        assert record.status == "ended"
    assert sorted(calls) == [1, 2, 3, 3]


async def test_a_map_refuses_more_items_than_it_takes(tmp_path: Path) -> None:
    text = MAP.replace("MODE", "fail").replace("    parallel: 4\n", "    max_items: 2\n")
    async with bench(tmp_path) as on:
        info = await on.engine.accept(compiled(text), {"ns": [1, 2, 3]})
        record = await on.engine.wait(info.id)
    assert record.error is not None
    assert record.error["code"] == "BG709"


async def test_an_empty_list_has_an_empty_result(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        _, outputs = await ended(on, MAP.replace("MODE", "fail"), {"ns": []})
    assert outputs == {"sums": [], "failed": []}


LOOP = (
    HEAD
    + NEEDS
    + (
        "inputs: {n: integer}\noutputs: {n: integer, rounds: integer, done: boolean}\nnodes:\n"
        "  grow:\n    type: loop\n    max: 5\n    init: {n: '${inputs.n}', seen: 0}\n    until: twice.result.n >= 20\n"
        "    body:\n      nodes:\n"
        '        twice: {type: tool, tool: t.read, in: {n: "${prev.n}"}}\n'
        "      out: {n: '${twice.result.n}', seen: '${prev.seen + round}'}\n"
        '  done: {type: end, in: {n: "${grow.n + grow.seen}", rounds: "${grow.rounds}", done: "${grow.done}"}}\n'
    )
)


async def test_a_loop_ends_when_its_condition_holds_or_its_rounds_are_used(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        run, outputs = await ended(on, LOOP, {"n": 3})
        assert outputs == {"n": 24 + 6, "rounds": 3, "done": True}
        assert ("node.ended", "grow#3.twice") in await on.events(run)
        assert (await on.engine.replay(run)).outputs == outputs
        _, outputs = await ended(on, LOOP, {"n": 0})
        assert outputs == {"n": 15, "rounds": 5, "done": False}


TRY = (
    HEAD
    + NEEDS
    + (
        "inputs: {n: integer}\noutputs: {said: string}\nnodes:\n"
        "  guarded:\n    type: try\n    body:\n      nodes:\n"
        '        first: {type: tool, tool: t.read, in: {n: "${inputs.n}"}}\n'
        '        second: {type: tool, tool: t.read, in: {n: "${first.result.n + 1}"}}\n'
        "      out: {n: '${second.result.n}'}\n"
        '  fine: {type: end, in: {said: "got ${guarded.n}"}}\n'
        '  sorry: {type: end, in: {said: "no: ${guarded.error.message}"}}\n'
        "edges: [[guarded.ok, fine], [guarded.error, sorry]]\n"
    )
)


async def test_a_try_goes_on_by_ok_or_by_error(tmp_path: Path) -> None:
    async with bench(tmp_path, tools=toolset(read=failing)) as on:
        _, outputs = await ended(on, TRY, {"n": 3})
        assert outputs == {"said": "got 14"}
        run, outputs = await ended(on, TRY, {"n": 2})
        assert outputs is not None
        assert str(outputs["said"]).startswith("no: ")
        assert "Two is too much" in str(outputs["said"])
        assert "guarded.second" not in {path for _, path in await on.events(run)}
        assert (await on.engine.replay(run)).outputs == outputs


async def test_a_failure_that_was_coped_with_is_not_tried_again_by_a_resume(tmp_path: Path) -> None:
    calls: list[int] = []

    async def fails(arguments: Mapping[str, Json], key: str | None) -> Json:
        n = arguments["n"]
        assert isinstance(n, int)
        calls.append(n)
        if n == 2 or (n == 9 and calls.count(9) == 1):
            raise ToolFailed("No.")
        return {"n": n}

    text = (
        TRY.replace('"no: ${guarded.error.message}"}}', '"${string(after.result.n)}"}}')
        .replace("  fine:", "  after: {type: tool, tool: t.read, in: {n: 9}}\n  fine:")
        .replace("[guarded.error, sorry]", "[guarded.error, after], [after, sorry]")
    )
    async with bench(tmp_path, tools=toolset(read=fails)) as on:
        info = await on.engine.accept(compiled(text), {"n": 2})
        assert (await on.engine.wait(info.id)).status == "failed"
        await on.engine.resume(info.id)
        record = await on.engine.wait(info.id)
        assert record.outputs == {"said": "9"}
    assert calls == [2, 9, 9]


ASKED = HEAD + (
    "inputs: {ns: list<integer>}\noutputs: {said: list<string>}\nnodes:\n"
    "  each:\n    type: map\n    over: inputs.ns\n    as: n\n    max_items: 10\n    parallel: 1\n    body:\n"
    "      nodes:\n"
    '        sign: {type: human, actions: [yea, nay], in: {n: "${n}"}}\n'
    "      out: {said: '${sign.action}'}\n"
    '  done: {type: end, in: {said: "${each.items.map(x, x.said)}"}}\n'
)


async def test_items_that_wait_for_a_person_hold_no_place(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        info = await on.engine.accept(compiled(ASKED), {"ns": [1, 2, 3]})
        assert (await on.engine.wait(info.id)).status == "waiting"
        asks = {str(one["path"]): str(one["id"]) for one in await on.engine.asks(info.id)}
        assert set(asks) == {"each[0].sign", "each[1].sign", "each[2].sign"}
        for path, action in (("each[2].sign", "nay"), ("each[0].sign", "yea"), ("each[1].sign", "nay")):
            await on.engine.answer(info.id, asks[path], action=action, form={}, by="ann")
            await on.engine.wait(info.id)
        record = await on.engine.wait(info.id)
        assert record.outputs == {"said": ["yea", "nay", "nay"]}
        assert (await on.engine.replay(info.id)).outputs == record.outputs


NESTED = (
    HEAD
    + NEEDS
    + (
        "inputs: {rows: list<list<integer>>}\noutputs: {sums: list<integer>}\n"
        "state: {total: {type: integer, default: 0, reducer: add}}\nnodes:\n"
        "  base: {type: transform, out: {plus: '${10}'}}\n"
        "  outer:\n    type: map\n    over: inputs.rows\n    body:\n      nodes:\n"
        "        fold:\n          type: loop\n          max: 2\n          init: {sum: 0}\n          body:\n"
        "            nodes:\n"
        "              inner:\n                type: map\n                over: row\n                as: cell\n"
        "                body:\n                  nodes:\n"
        "                    twice: {type: tool, tool: t.read, in: {n: '${cell + base.plus + row_index}'}}\n"
        "                    count: {type: set, write: {total: '${twice.result.n}'}}\n"
        "                  out: {n: '${twice.result.n}'}\n"
        "            out: {sum: '${prev.sum + inner.items[0].n}'}\n"
        "      out: {sum: '${fold.sum}'}\n"
        '  done: {type: end, in: {sums: "${outer.items.map(x, x.sum) + [state.total]}"}}\n'
        "edges: [[outer, done]]\n"
    )
)


async def test_containers_stand_in_containers(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        run, outputs = await ended(on, NESTED, {"rows": [[1, 2], [3]]})
        # Row 0: twice(1+10+0) = 22 a round; row 1: twice(3+10+1) = 28 a round. All cells, both rounds, in the state.
        assert outputs == {"sums": [44, 56, 2 * (22 + 24) + 2 * 28]}
        assert ("node.ended", "outer[1].fold#2.inner[0].twice") in await on.events(run)
        assert (await on.engine.replay(run)).outputs == outputs


async def test_what_a_body_requires_is_required_by_its_container(tmp_path: Path) -> None:
    text = (
        HEAD + "inputs: {n: integer}\noutputs: {said: string}\nnodes:\n"
        "  pick: {type: branch, cases: {big: inputs.n > 5}}\n"
        "  made: {type: transform, out: {v: '${inputs.n}'}}\n"
        "  each: {type: map, over: '[1, 2]', body: {nodes: {add: {type: transform, out: {s: '${row + made.v}'}}}, "
        "out: {s: '${add.s}'}}}\n"
        "  large: {type: end, in: {said: '${string(each.items[1].s)}'}}\n"
        "  small: {type: end, in: {said: small}}\n"
        "edges: [[pick.big, made], [pick.else, small]]\n"
    )
    async with bench(tmp_path) as on:
        _, outputs = await ended(on, text, {"n": 7})
        assert outputs == {"said": "9"}
        run, outputs = await ended(on, text, {"n": 1})
        assert outputs == {"said": "small"}
        assert ("node.skipped", "each") in await on.events(run)


async def test_a_map_draws_on_its_own_budget(tmp_path: Path) -> None:
    text = MAP.replace("MODE", "keep").replace("    parallel: 4\n", "    parallel: 1\n    budget: {tool_calls: 2}\n")
    async with bench(tmp_path) as on:
        _, outputs = await ended(on, text, {"ns": [1, 2, 3, 4]})
    assert outputs is not None
    assert outputs["sums"] == [sum_of(0, 3), sum_of(1, 5), None, None]
    assert "BG750" in str(outputs["failed"])


async def test_a_run_that_is_taken_up_repeats_no_item(tmp_path: Path) -> None:
    calls: list[int] = []
    begun, gate = asyncio.Event(), asyncio.Event()

    async def held(arguments: Mapping[str, Json], key: str | None) -> Json:
        n = arguments["n"]
        assert isinstance(n, int)
        calls.append(n)
        if n == 2:
            raise ToolFailed("Never.")
        if n == 4 and not gate.is_set():
            begun.set()
            await asyncio.sleep(60)
        return {"n": n}

    text = MAP.replace("MODE", "keep").replace("parallel: 4", "parallel: 1")
    tools = toolset(read=held)
    async with bench(tmp_path, tools=tools) as on:
        info = await on.engine.accept(compiled(text), {"ns": [1, 2, 3, 4]})
        await begun.wait()
    gate.set()
    async with bench(tmp_path, tools=tools) as on:
        assert await on.engine.start() == [info.id]
        record = await on.engine.wait(info.id)
        assert record.outputs is not None
        assert [one and one["sum"] for one in record.outputs["sums"]] == [2, None, 4, 5]  # type: ignore[index,union-attr]
    assert calls == [1, 2, 3, 4, 4]
