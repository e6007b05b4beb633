"""Results that are kept: served to other runs with the same values, recorded, labelled, forgotten in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.graph import CompiledApp
from runtime.base.errors import Json
from runtime.orchestration.forks import Fork
from runtime.orchestration.record import RunRecord
from runtime.orchestration.retention import prune

from .bench import HEAD, NEEDS, Bench, bench, compiled

pytestmark = pytest.mark.anyio

TEXT = (
    HEAD
    + NEEDS
    + "inputs: {q: string}\noutputs: {a: string}\nnodes:\n"
    + "  say: {type: llm, model: main, prompt: '${q}', cache: CACHE, in: {q: '${inputs.q}'}}\n"
    + "  done: {type: end, in: {a: '${say.text}'}}\n"
)


async def run(host: Bench, app: CompiledApp, workspace: str = "main", **inputs: Json) -> RunRecord:
    info = await host.engine.accept(app, dict(inputs), workspace=workspace)
    return await host.engine.wait(info.id, workspace)


async def test_the_same_values_are_not_asked_for_twice(tmp_path: Path) -> None:
    app = compiled(TEXT.replace("CACHE", "1h"))
    async with bench(tmp_path) as host:
        first = await run(host, app, q="x")
        again = await run(host, app, q="x")
        assert (first.outputs, again.outputs) == ({"a": "You said: x"}, {"a": "You said: x"})
        assert (len(host.models.calls), again.usage["tokens"]) == (1, 0)
        for run_ in (first, again):
            assert (await host.engine.replay(run_.info.id)).outputs == first.outputs
        await run(host, app, q="y")
        other = compiled(TEXT.replace("CACHE", "1h").replace("prompt: '${q}'", "prompt: '${q}!'"))
        await run(host, other, q="x")
        await run(host, app, workspace="other", q="x")
        assert len(host.models.calls) == 4
    async with bench(tmp_path) as host:
        assert (await run(host, app, q="x")).outputs == first.outputs
        assert host.models.calls == []


async def test_a_result_is_kept_for_its_time_only(tmp_path: Path) -> None:
    app = compiled(TEXT.replace("CACHE", "1ms"))
    async with bench(tmp_path) as host:
        await run(host, app, q="x")
        await run(host, app, q="x")
        assert len(host.models.calls) == 2
        await prune(host.database, days=None)
        rows = await host.database.reader.run(lambda connection: connection.execute("SELECT * FROM results").fetchall())
        assert rows == []


async def test_a_fork_does_it_again(tmp_path: Path) -> None:
    app = compiled(TEXT.replace("CACHE", "true"))
    async with bench(tmp_path) as host:
        record = await run(host, app, q="x")
        fork = await host.engine.fork(record.info.id, Fork(since="say"))
        assert (await host.engine.wait(fork.id)).outputs == record.outputs
        assert len(host.models.calls) == 2


async def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    app = compiled(TEXT.replace("CACHE", "1h").replace("llm,", "llm, on_error: default, default: {text: none},"))
    async with bench(tmp_path) as host:
        host.models.failures = 1
        assert (await run(host, app, q="x")).outputs == {"a": "none"}
        assert (await run(host, app, q="x")).outputs == {"a": "You said: x"}


async def test_a_large_result_is_kept_outside_and_stays(tmp_path: Path) -> None:
    app = compiled(TEXT.replace("CACHE", "1h"))
    async with bench(tmp_path) as host:
        record = await run(host, app, q="水" * 40_000)
        again = await run(host, app, q="水" * 40_000)
        assert again.outputs == record.outputs, again.error
        assert len(host.models.calls) == 1
        rows = await host.database.reader.run(
            lambda connection: connection.execute("SELECT max(length(value)) FROM results").fetchall()
        )
        assert rows[0][0] < 2_000
