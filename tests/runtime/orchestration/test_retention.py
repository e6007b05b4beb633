"""What is older than it is to be kept goes, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.base.errors import Json
from runtime.orchestration.retention import prune

from .bench import HEAD, Bench, bench, compiled

pytestmark = pytest.mark.anyio

APP = HEAD + (
    "inputs: {text: string}\noutputs: {text: string}\nPOLICY"
    "nodes:\n  one: {type: transform, out: {v: '${inputs.text}'}}\n  done: {type: end, in: {text: '${one.v}'}}\n"
)
PLAIN = APP.replace("POLICY", "")
SHORT = APP.replace("POLICY", "policy: {retain_days: 3}\n")
WAITS = PLAIN.replace("  done:", "  ask: {type: human, actions: [ok]}\n  done:") + "edges: [[ask.ok, done]]\n"


async def ran(on: Bench, text: str, value: str) -> str:
    info = await on.engine.accept(compiled(text), {"text": value})
    await on.engine.wait(info.id)
    return info.id


async def age(on: Bench, days: int) -> None:
    """Let all runs and files be older."""
    update = "UPDATE runs SET ended = ended - ?"
    await on.database.writer.call(lambda connection: connection.execute(update, (days * 86_400_000,)).rowcount)
    for file in (on.database.home.root / "artifacts").rglob("*"):
        if file.is_file():
            then = file.stat().st_mtime - days * 86_400
            os.utime(file, (then, then))


def there(home: Path, artifact: str) -> bool:
    return (home / "artifacts" / artifact[:2] / artifact).exists()


async def left(on: Bench) -> set[str]:
    return {record.info.id for record in await on.engine.runs.list("main")}


async def test_runs_go_by_the_policy_of_their_app_or_of_the_home(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        plain, short, waits = await ran(on, PLAIN, "a"), await ran(on, SHORT, "b"), await ran(on, WAITS, "c")
    async with bench(tmp_path) as on:
        await age(on, 5)
        assert (await prune(on.database, days=None, dry=True)).runs == 1
        assert await left(on) == {plain, short, waits}
        freed = await prune(on.database, days=None)
        assert (freed.runs, freed.events > 3) == (1, True)
        assert await left(on) == {plain, waits}
        assert await on.engine.history(short) == []
        assert (await prune(on.database, days=10)).runs == 0
        assert (await prune(on.database, days=4)).runs == 1
        assert await left(on) == {waits}
        [ask] = await on.engine.asks(waits)
        await on.engine.answer(waits, str(ask["id"]), action="ok", form={}, by="ann")
        assert (await on.engine.wait(waits)).outputs == {"text": "c"}


async def test_files_go_when_nothing_names_them(tmp_path: Path) -> None:
    big = "x" * 50_000
    async with bench(tmp_path) as on:
        await ran(on, SHORT, big + "1")
        kept = await ran(on, PLAIN, big + "2")
        stored = await on.database.artifacts.put(b"nobody", name="n.txt")
        again = await on.database.artifacts.put(b"somebody", name="s.txt")
    async with bench(tmp_path) as on:
        await age(on, 5)
        await on.database.artifacts.put(b"somebody", name="s.txt")  # put again: about to be named
        freed = await prune(on.database, days=None)
        assert freed.runs == 1
        assert freed.files >= 1
        assert freed.bytes > 50_000
        assert there(tmp_path, stored["id"])  # nobody has said that what is unused is to go
        assert (await prune(on.database, days=10)).files == 0
        assert there(tmp_path, stored["id"])
        assert (await prune(on.database, days=4, dry=True)).files >= 1
        await prune(on.database, days=4, dry=True)
        assert there(tmp_path, stored["id"])
        value: Json = (await on.engine.replay(kept)).outputs
        assert value == {"text": big + "2"}
        await prune(on.database, days=4)
        assert not there(tmp_path, stored["id"])
        assert there(tmp_path, again["id"])
