"""The world outside: a process of its own that does what tools ask for, and remembers exactly what it did.

It speaks lines of JSON over a Unix socket, and lives on when a worker is killed in the middle of a call.
"""

from __future__ import annotations

import asyncio
import json
import os
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

__all__ = ["ask", "serve", "value_of"]

LONGEST = 1 << 26
"""Bytes of a line."""

SLOW = 0.004
"""Seconds that the world takes, before and after it acts."""


def value_of(job: str, step: str) -> int:
    """Return what the world answers: the same whenever it is asked for the same."""
    return zlib.crc32(f"{job}/{step}".encode()) % 1000


class World:
    """What was done, and under which keys."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.keys: set[str] = set()

    async def act(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what a tool asks for; with a key that was seen, do nothing and answer as before."""
        job, step, key = str(request["job"]), str(request["step"]), request.get("key")
        await asyncio.sleep(SLOW)
        if key is None or key not in self.keys:
            self.done[f"{job}/{step}"] += 1
            if key is not None:
                self.keys.add(str(key))
        await asyncio.sleep(SLOW)
        return {"n": value_of(job, step)}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; whoever asked may be gone by the time of the answer."""
        try:
            while line := await reader.readline():
                request = json.loads(line)
                found = dict(self.done) if request["op"] == "report" else await self.act(request)
                writer.write(json.dumps(found).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


def serve(socket: Path) -> int:
    """Start the world in a process of its own and return its id once it can be asked."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(_serve(socket))
        finally:
            os._exit(0)
    while not socket.exists():
        os.sched_yield()
    return child


async def _serve(socket: Path) -> None:
    world = World()
    server = await asyncio.start_unix_server(world.answer, path=str(socket), limit=LONGEST)
    async with server:
        await server.serve_forever()


async def ask(socket: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Ask the world for one thing."""
    reader, writer = await asyncio.open_unix_connection(str(socket), limit=LONGEST)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        return json.loads(await reader.readline())
    finally:
        writer.close()
