"""The builder's process: started beside the server, started again when it ends, and ended with the server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import httpx

__all__ = ["builder", "sign_in_url"]

log = logging.getLogger(__name__)

_PATIENCE: Final = 60.0
"""Seconds until the builder must answer."""
_PAUSE: Final = 1.0
_GRACE: Final = 5.0


def sign_in_url(builder: str, link: str) -> str:
    """Return the address that signs a browser in."""
    return f"{builder}/signin?link={link}"


@asynccontextmanager
async def builder(
    url: str, listening: socket.socket, *, runtime: str, hosts: Sequence[str], language: str
) -> AsyncGenerator[bool]:
    """Serve the builder at a socket; yields whether it answers.

    Args:
        url: The builder's address.
        listening: Its listening socket.
        runtime: The runtime's address.
        hosts: Names by which the builder may be called.
        language: The language of visitors who have chosen none.
    """
    words = [
        sys.executable, "-m", "builder_ui", "--runtime", runtime, "--fd", str(listening.fileno()),
        "--hosts", ",".join(hosts), "--language", language,
    ]  # fmt: skip
    keeping = asyncio.create_task(_keep(words, listening.fileno()))
    try:
        yield await _answers(url)
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping


async def _keep(words: Sequence[str], descriptor: int) -> None:
    """Run the process, and run it again when it ends by itself."""
    while True:
        # A session of its own: Ctrl+C is for the server, which ends the builder by closing its standard input.
        process = await asyncio.create_subprocess_exec(
            *words, stdin=PIPE, stdout=DEVNULL, pass_fds=(descriptor,), start_new_session=True, env=_environment()
        )
        try:
            code = await process.wait()
        finally:
            await asyncio.shield(_end(process))
        log.warning("The builder ended (exit code %s) and is started again.", code)
        await asyncio.sleep(_PAUSE)


def _environment() -> dict[str, str]:
    """Return the builder's environment: it needs none of our settings, least of all the key of the secrets."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BAIGONG_")}


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _GRACE)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _answers(url: str) -> bool:
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    async with httpx.AsyncClient(trust_env=False, timeout=5.0) as http:
        while asyncio.get_running_loop().time() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if (await http.get(f"{url}/_stcore/health")).is_success:
                    return True
            await asyncio.sleep(0.1)
    log.error("The builder does not answer at %s.", url)
    return False
