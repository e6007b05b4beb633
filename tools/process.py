"""A server's process: its own process group, capped lines, the end of its standard error."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE, SubprocessStreamProtocol
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["LINE_CAP", "Process"]

INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT")
"""What a server sees of our environment; keys and tokens are not in it."""
LINE_CAP = 32 * 2**20
"""Longest message, bytes: a result of the largest size, as data and as text, with room for escapes."""
STDERR_KEPT = 4096
GRACE = 1.0
"""Seconds between the end of its input and the end of its life."""


class _Protocol(SubprocessStreamProtocol):
    """Knows when the program ended, even while a descendant holds its pipes open."""

    def __init__(self) -> None:
        super().__init__(limit=LINE_CAP, loop=asyncio.get_running_loop())
        self.exited = asyncio.Event()

    def process_exited(self) -> None:
        super().process_exited()
        self.exited.set()


@dataclass(kw_only=True, slots=True, eq=False)
class Process:
    """A running server. `fault` says why it was cut off, if it was; `noise` holds the first line that is no message."""

    transport: asyncio.SubprocessTransport
    protocol: _Protocol
    errors: bytearray = field(default_factory=bytearray)
    fault: str = ""
    noise: str = ""
    oversized: bool = False
    _tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    @classmethod
    async def start(cls, command: Sequence[str], env: Mapping[str, str]) -> Process:
        """Start the program in a session of its own, so that its whole tree can be ended.

        Raises:
            OSError: It cannot be started.
        """
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        transport, protocol = await asyncio.get_running_loop().subprocess_exec(
            _Protocol, *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=inherited | dict(env), start_new_session=True
        )
        process = cls(transport=transport, protocol=protocol)
        process._tasks += [asyncio.create_task(process._keep_errors()), asyncio.create_task(process._watch())]
        return process

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.exit is None and not self.fault

    @property
    def exit(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self.transport.get_returncode()

    @property
    def tail(self) -> str:
        """The end of what it wrote to standard error."""
        return self.errors.decode("utf-8", "replace")

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield the lines of its output until it ends; a line above the cap ends the process."""
        output = self.protocol.stdout
        while output is not None:
            try:
                line = await output.readline()
            except ValueError:  # asyncio's word for a line above the limit
                self.oversized = True
                self.cut(f"it sent a message of more than {LINE_CAP // 2**20} MiB")
                return
            if not line:
                return
            yield line

    async def write(self, data: bytes) -> None:
        """Send bytes to its input.

        Raises:
            OSError: It has gone away.
        """
        if self.protocol.stdin is not None:
            self.protocol.stdin.write(data)
            await self.protocol.stdin.drain()

    def cut(self, fault: str) -> None:
        """End the whole process group at once and remember why."""
        self.fault = self.fault or fault
        self.kill()

    def kill(self) -> None:
        """End the whole process group at once; what it left behind is ended even when its leader has gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.transport.get_pid(), signal.SIGKILL)

    async def close(self) -> None:
        """Close its input, give it a moment to end, end it, and reap it."""
        if self.protocol.stdin is not None:
            self.protocol.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await self.protocol.exited.wait()
        await self.end()

    async def end(self) -> None:
        """End the group, reap the leader and close the pipes."""
        self.kill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await self.protocol.exited.wait()
                await asyncio.wait(self._tasks)
        for task in self._tasks:
            task.cancel()
        self.transport.close()

    async def _keep_errors(self) -> None:
        errors = self.protocol.stderr
        while errors is not None and (chunk := await errors.read(STDERR_KEPT)):
            self.errors += chunk
            del self.errors[:-STDERR_KEPT]

    async def _watch(self) -> None:
        """When the program has ended, end what it left behind, for that may hold the pipes open."""
        await self.protocol.exited.wait()
        self.kill()
