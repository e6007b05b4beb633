"""Servers that misbehave, in one program: `python hostile.py <way> [pid file]`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path


def _serve(way: str) -> None:
    from fastmcp import FastMCP

    server = FastMCP("hostile")

    @server.tool
    def act(n: int = 0) -> str:
        """Misbehave, or echo."""
        if n == 0:
            return "fine"
        if way == "hang":
            time.sleep(600)
        if way == "die":
            sys.stderr.write("out of oil\n")
            os._exit(3)
        if way == "fail":
            raise ValueError("the valve is stuck")
        return "x" * n

    server.run(transport="stdio", show_banner=False, log_level="CRITICAL")


def main(way: str, pids: Path) -> None:
    child = subprocess.Popen(["sleep", "600"])  # a grandchild that must not outlive the server
    pids.write_text(f"{os.getpid()} {child.pid}")
    match way:
        case "mute":
            time.sleep(600)
        case "garbage":
            while True:
                sys.stdout.write("Welcome! " * 20 + "\n")
        case "endless":
            while True:
                sys.stdout.write("x" * 65536)
        case "exit":
            sys.stderr.write("no licence\n")
            sys.exit(7)
        case _:
            sys.stdout.write("A banner that is no message\n")
            _serve(way)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
