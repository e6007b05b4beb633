"""Start-up and idle memory against a bare FastAPI that uvicorn serves; the builder's process is counted by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROUNDS = 5
UP = "import sys; from runtime.cli import main\nsys.exit(main(['up', '--port', '0', '--ui-port', '0', '--json']))"
BARE = (
    "import asyncio, socket, sys, uvicorn; from fastapi import FastAPI\n"
    "class Server(uvicorn.Server):\n"
    "    async def startup(self, sockets=None):\n"
    "        await super().startup(sockets); print('{}', flush=True)\n"
    "Server(uvicorn.Config(FastAPI(), port=0, log_level='error')).run()\n"
)


def server(*words: str, home: str) -> tuple[float, float, float]:
    """Return seconds to the first line, and resident MiB half a second later: its own, and of its children."""
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 our own programs
        [sys.executable, *words], env={**os.environ, "BAIGONG_HOME": home}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None  # noqa: S101 it was asked for
        process.stdout.readline()
        seconds = time.perf_counter() - began
        time.sleep(0.5)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
        return seconds, resident(process.pid), sum(resident(int(child)) for child in children)
    finally:
        process.terminate()
        process.wait(20)


def resident(process: int) -> float:
    """Return the resident MiB of a process."""
    status = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS:"))


def command(*words: str) -> float:
    """Return the seconds that a command takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)  # noqa: S603 our own programs
    return time.perf_counter() - began


def main() -> None:
    """Measure in alternating rounds and print."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as home:
        server("-m", "benchmarks.product", home=home)  # makes the home
        for _ in range(ROUNDS):
            for name, words in (("product", ("-m", "benchmarks.product")), ("bare", ("-c", BARE))):
                seconds, memory, _ = server(*words, home=home)
                found.setdefault(f"{name}_ready_s", []).append(seconds)
                found.setdefault(f"{name}_idle_mib", []).append(memory)
            seconds, _, pages = server("-c", UP, home=home)
            found.setdefault("with_builder_ready_s", []).append(seconds)
            found.setdefault("builder_idle_mib", []).append(pages)
            found.setdefault("help_s", []).append(
                command("-c", "import sys; from runtime.cli import main; sys.exit(main(['--help']))")
            )
            found.setdefault("python_s", []).append(command("-c", "pass"))
    print(json.dumps({name: round(median(values), 3) for name, values in found.items()}, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
