"""Listening: the socket, the event loop's server, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from .errors import PortBusy

__all__ = ["Listener", "bind", "listen"]

_GRACE: Final = 3
"""Seconds that open connections have at the end; a stream of events never ends by itself."""


def bind(host: str, port: int, option: str = "port") -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

    Args:
        host: An address of this machine.
        port: The port.
        option: The command line's option that sets it.

    Raises:
        PortBusy: The port is in use, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        variable = f"BAIGONG_{option.replace('-', '_').upper()}"
        raise PortBusy(
            f"Nothing can listen at {host}:{port}: {error.strerror or error}.",
            where=f"{host}:{port}",
            fix=f"Choose another port with --{option} or {variable}, or stop the program that uses it.",
        ) from error
    return listening


class Listener(uvicorn.Server):
    """A server that leaves signals to its owner, who has more to put in order than connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


@asynccontextmanager
async def listen(app: FastAPI, listening: socket.socket) -> AsyncGenerator[asyncio.Task[None]]:
    """Serve an app; the task ends when a signal (SIGINT, SIGTERM) asks for it.

    Args:
        app: The app.
        listening: A socket of `bind`.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
    )
    server = Listener(config)
    task = asyncio.create_task(server.serve([listening]))
    with _signals(lambda: setattr(server, "should_exit", True)):
        try:
            await server.ready.wait()
            yield task
        finally:
            server.should_exit = True
            await asyncio.wait([task])


@contextlib.contextmanager
def _signals(stop: Callable[[], Any]) -> Generator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
