"""The queue of runs in a database: each run once, again after a failure, and what a dead process had."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
DIES = """
import asyncio, os, sys
from runtime.orchestration.dbos_backend import DbosBackend

async def main():
    taken = asyncio.Event()

    async def work(run, workspace):
        taken.set()
        await asyncio.sleep(60)

    queue = DbosBackend(sys.argv[1], "one", places=4)
    await queue.start(work)
    await queue.submit("run_of_the_dead", "main")
    await taken.wait()
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""
LIVES = """
import asyncio, json, sys
from runtime.orchestration.dbos_backend import DbosBackend

async def main():
    done, failing = [], ["run_failing"]

    async def work(run, workspace):
        done.append(run)
        if run in failing:
            failing.remove(run)
            raise RuntimeError("not now")
        await asyncio.sleep(0.2)

    async def until(count):
        async with asyncio.timeout(30):
            while len(done) < count:
                await asyncio.sleep(0.05)

    queue = DbosBackend(sys.argv[1], "two", places=4)
    await queue.start(work)
    for _ in range(3):
        for name in ("run_a", "run_b"):
            await queue.submit(name, "main")
    await queue.submit("run_failing", "main")
    await until(3)
    await asyncio.sleep(1)
    await queue.again("run_failing", "main")
    await until(4)
    await queue.again("run_of_the_dead", "main")
    await until(5)
    await queue.close()
    print(json.dumps(done))

asyncio.run(main())
"""


def run(program: str, url: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, because DBOS allows one queue in each."""
    words = [sys.executable, "-c", program, url]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)


def test_each_run_is_taken_once_again_after_a_failure_and_from_the_dead(server: str) -> None:
    assert run(DIES, server).returncode == -9
    done = run(LIVES, server)
    assert done.returncode == 0, done.stderr
    assert Counter(json.loads(done.stdout.splitlines()[-1])) == {
        "run_a": 1, "run_b": 1, "run_failing": 2, "run_of_the_dead": 1,
    }  # fmt: skip
