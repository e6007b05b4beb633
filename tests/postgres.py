"""A PostgreSQL server of its own for the tests that want one, from the operating system's package."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

__all__ = ["postgres"]


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    return found[-1].parent


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server in an empty folder, on a free port, and yield its address; root becomes the user `postgres`."""
    programs = _programs()
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(mkdtemp(prefix="baigong-pg-"))
    if user:
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"

    def call(program: str, *arguments: str) -> None:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder)}
        subprocess.run(
            [programs / program, *arguments], check=True, capture_output=True, user=user, cwd=folder, env=environment
        )

    try:
        call("initdb", "-D", str(data), "-U", "tester", "-A", "trust", "--no-sync")
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
        call("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
