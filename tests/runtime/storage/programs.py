"""Programs that tests start as processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[3]

OWN: Final = """
import sys
from pathlib import Path
from runtime.base.settings import Settings
from runtime.storage import open_home
home = open_home(Settings(home=Path(sys.argv[1])))
print(home.publish("http://127.0.0.1:4711").key, flush=True)
sys.stdin.read()
"""
"""Owns a home folder until its input ends, and prints its key."""

COUNT: Final = """
import asyncio, sys
from runtime.storage import Writer
from runtime.storage.sqlite import SqliteFile

async def main():
    writer = Writer(
        SqliteFile(sys.argv[1], "CREATE TABLE log (stream INTEGER, seq INTEGER, PRIMARY KEY (stream, seq))")
    )
    await writer.open()
    await asyncio.gather(*(count(writer, number) for number in range(4)))

async def count(writer, number):
    stream = writer.stream()
    for seq in range(1_000_000):
        (stream.append if seq % 2 else stream.execute)("INSERT INTO log VALUES (?, ?)", (number, seq))
        if seq % 7 == number:
            await stream.commit()
            print(number, seq, flush=True)
        elif seq % 3 == 0:
            await asyncio.sleep(0)

asyncio.run(main())
"""
"""Writes rows on four streams for ever, and prints what was acknowledged."""

FILL: Final = """
import asyncio, resource, sys
from pathlib import Path
from runtime.base.errors import BaigongError
from runtime.storage import ArtifactStore, Reader, Writer
from runtime.storage.sqlite import SqliteFile

async def main():
    folder = Path(sys.argv[1])
    writer = Writer(
        SqliteFile(folder / "t.db", "CREATE TABLE IF NOT EXISTS t (k INTEGER PRIMARY KEY, v BLOB)"), patience=0.2
    )
    await writer.open()
    store = ArtifactStore(folder / "artifacts", writer, Reader(writer.backend))
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    print(await attempt(write(writer, 1)), await attempt(store.put(b"x" * 300_000, name="x")), flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(await attempt(write(writer, 2)), flush=True)
    await writer.close()

async def write(writer, key):
    stream = writer.stream()
    stream.append("INSERT INTO t VALUES (?, ?)", (key, b"x" * 300_000))
    await stream.commit()

async def attempt(work):
    try:
        await work
    except BaigongError as error:
        return error.code
    return "ok"

asyncio.run(main())
"""
"""Writes more than its processes' files may hold, then again without the limit, and prints the outcomes."""


def start(program: str, argument: Path) -> subprocess.Popen[str]:
    """Start a program of this module."""
    return subprocess.Popen(
        [sys.executable, "-c", program, str(argument)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
