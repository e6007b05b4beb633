"""Damaged and forged rows, a locked database, a jumping clock, a client that leaves: nothing acts, nothing is lost."""

from __future__ import annotations

import asyncio
import pickle
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

import ormsgpack
import pytest

from runtime.base.errors import Json
from runtime.orchestration.errors import JournalDamaged
from runtime.orchestration.forks import Fork

from ..runtime.orchestration.bench import HEAD, NEEDS, bench, compiled, toolset

pytestmark = pytest.mark.anyio

APP = (
    HEAD
    + NEEDS
    + (
        "inputs: {n: integer}\noutputs: {n: integer}\nnodes:\n"
        "  one: {type: tool, tool: t.read, in: {n: '${inputs.n}'}, returns: 'map<integer>'}\n"
        "  left: {type: tool, tool: t.read, in: {n: '${one.result.n}'}, returns: 'map<integer>'}\n"
        "  right: {type: tool, tool: t.read, in: {n: '${one.result.n + 1}'}, returns: 'map<integer>'}\n"
        "  both: {type: transform, out: {n: '${left.result.n + right.result.n}'}}\n"
        "  ask: {type: human, actions: [ok], in: {n: '${both.n}'}}\n"
        "  done: {type: end, in: {n: '${both.n}'}}\n"
        "edges: [[ask, done]]\n"
    )
).replace("[[ask, done]]", "[[ask.ok, done]]")


class Payload:
    """Unpickling it makes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.file,)


def forged(kind: str, file: Path) -> tuple[str, bytes]:
    """Return the type and content of a checkpoint that would act when it is loaded carelessly."""
    if kind == "pickle":
        return "pickle", pickle.dumps(Payload(file))
    if kind == "constructor":
        call = ormsgpack.packb(("os", "system", f"touch {file}"))
        return "msgpack", ormsgpack.packb({"v": 4, "id": "x", "channel_values": ormsgpack.Ext(0, call)})
    return "msgpack", b"\xc1 garbage"


async def parked(folder: Path) -> tuple[str, str]:
    async with bench(folder) as on:
        info = await on.engine.accept(compiled(APP), {"n": 1})
        assert (await on.engine.wait(info.id)).status == "waiting"
        [ask] = await on.engine.asks(info.id)
        return info.id, str(ask["id"])


@pytest.mark.parametrize("kind", ["pickle", "constructor", "garbage"])
async def test_a_forged_checkpoint_executes_nothing_and_loses_nothing(tmp_path: Path, kind: str) -> None:
    run, ask = await parked(tmp_path / "home")
    file = tmp_path / "touched"
    with sqlite3.connect(tmp_path / "home" / "baigong.db") as connection:
        changed = connection.execute("UPDATE checkpoints SET type = ?, checkpoint = ?", forged(kind, file)).rowcount
        connection.execute("UPDATE checkpoint_writes SET type = ?, value = ?", forged(kind, file))
    connection.close()
    assert changed > 0
    async with bench(tmp_path / "home") as on:
        await on.engine.answer(run, ask, action="ok", form={}, by="ann")
        record = await on.engine.wait(run)
        assert record.outputs == {"n": 10}, record.error
        assert on.tools.calls == []
    assert not file.exists()


async def test_a_damaged_event_harms_its_own_run_only(tmp_path: Path) -> None:
    run, _ = await parked(tmp_path)
    async with bench(tmp_path) as on:
        other = await on.engine.accept(compiled(APP), {"n": 2})
        await on.engine.wait(other.id)
        events = await on.engine.history(run)
    with sqlite3.connect(tmp_path / "baigong.db") as connection:
        connection.execute("UPDATE events SET data = '{\"cut' WHERE run = ? AND seq = ?", (run, len(events)))
        connection.execute("UPDATE runs SET status = 'running'")
    connection.close()
    async with bench(tmp_path) as on:
        assert await on.engine.start() == [other.id]
        with pytest.raises(JournalDamaged, match=f"Event {len(events)}"):
            await on.engine.history(run)
        fork = await on.engine.fork(run, Fork(at=len(events) - 1))
        assert (await on.engine.wait(fork.id)).status == "waiting"


async def test_a_database_that_is_locked_for_a_while_is_waited_for(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        await on.engine.wait((await on.engine.accept(compiled(APP), {"n": 1})).id)
        other = sqlite3.connect(tmp_path / "baigong.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        accepting = asyncio.create_task(on.engine.accept(compiled(APP), {"n": 2}))
        await asyncio.sleep(1.5)
        assert not accepting.done()
        other.execute("COMMIT")
        other.close()
        info = await accepting
        assert (await on.engine.wait(info.id)).status == "waiting"


async def test_a_clock_that_jumps_changes_no_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, shift = time.time_ns, 0

    async def jump(arguments: Mapping[str, Json], key: str | None) -> Json:
        nonlocal shift
        shift -= 86_400 * 10**9
        n = arguments["n"]
        assert isinstance(n, int)
        return {"n": 2 * n}

    monkeypatch.setattr(time, "time_ns", lambda: real() + shift)
    text = APP.replace("app: {id: example,", "budget: {seconds: 30}\napp: {id: example,")
    async with bench(tmp_path, tools=toolset(read=jump)) as on:
        info = await on.engine.accept(compiled(text), {"n": 1})
        record = await on.engine.wait(info.id)
        assert record.status == "waiting", record.error
        events = await on.engine.history(info.id)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        [ask] = await on.engine.asks(info.id)
        await on.engine.answer(info.id, str(ask["id"]), action="ok", form={}, by="ann")
        record = await on.engine.wait(info.id)
        assert record.outputs == {"n": 10}
        assert isinstance(record.usage["seconds"], float)
        assert 0 <= record.usage["seconds"] < 30


async def test_a_run_goes_on_when_who_watches_it_leaves(tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def held(arguments: Mapping[str, Json], key: str | None) -> Json:
        await gate.wait()
        n = arguments["n"]
        assert isinstance(n, int)
        return {"n": 2 * n}

    async with bench(tmp_path, tools=toolset(read=held)) as on:
        info = await on.engine.accept(compiled(APP), {"n": 1})
        events = on.engine.events(info.id)
        assert (await anext(events)).run == info.id
        await events.aclose()
        gate.set()
        assert (await on.engine.wait(info.id)).status == "waiting"
