"""One live server: a process or an endpoint, fastmcp's client over it, and a deadline for every phase."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runtime.base.errors import Json

from .errors import ToolError, ToolFailed, ToolOutputInvalid, ToolTimeout, ToolUnavailable, ToolUnknown
from .ports import Progress, ToolDescription, ToolResult
from .process import Process
from .results import description_of, result_of, wrapped
from .spec import ServerSpec
from .transport import transport_of

if TYPE_CHECKING:
    from fastmcp import Client

__all__ = ["KEY", "Connection"]

KEY = "baigong/idempotency_key"
"""Where a call's `_meta` holds the idempotency key."""
PROBE = 2.0
"""Seconds in which a server that let a call time out must show that it lives."""


@dataclass(kw_only=True, slots=True, eq=False)
class Connection:
    """A server that has answered `initialize` and listed its tools."""

    server: str
    spec: ServerSpec
    client: Client[Any]
    process: Process | None
    tools: dict[str, ToolDescription] = field(default_factory=dict[str, ToolDescription])
    _wrapped: set[str] = field(default_factory=set[str])

    @classmethod
    async def open(cls, server: str, spec: ServerSpec) -> Connection:
        """Start or reach the server.

        Raises:
            ToolTimeout: A phase took too long; nothing is left running.
            ToolUnavailable: It cannot be started or reached, or broke the protocol; nothing is left running.
        """
        from fastmcp import Client
        from fastmcp.client.transports import StreamableHttpTransport

        async with _phase(server, "connect", spec.deadlines.connect, None):
            process = await Process.start(spec.command, spec.env) if spec.command else None
        transport = transport_of(process) if process else StreamableHttpTransport(spec.url, headers=dict(spec.headers))
        opened = cls(server=server, spec=spec, client=Client(transport), process=process)
        try:
            async with _phase(server, "initialize", spec.deadlines.initialize, process):
                await opened.client.__aenter__()
            await opened.refresh(spec.deadlines.list)
        except BaseException:  # cancelled or failed alike: leave nothing running
            await asyncio.shield(opened.end())
            raise
        return opened

    @property
    def alive(self) -> bool:
        """Whether a call may be tried."""
        return self.client.is_connected() and (self.process is None or self.process.alive)

    async def refresh(self, seconds: float) -> None:
        """Ask for the list of tools."""
        async with _phase(self.server, "list", seconds, self.process):
            tools = await self.client.list_tools()
        self._wrapped = {tool.name for tool in tools if wrapped(tool.output_schema)}
        self.tools = {tool.name: description_of(tool) for tool in tools}

    async def call(
        self, tool: str, arguments: Mapping[str, Json], key: str | None, seconds: float, listener: Progress | None
    ) -> ToolResult:
        """Call a tool.

        Raises:
            ToolError: As the port says.
        """
        where = f"{self.server}.{tool}"
        if tool not in self.tools:
            raise ToolUnknown(
                f"The server {self.server!r} has no tool {tool!r}.", fix=f"It has: {', '.join(self.tools) or 'none'}."
            )

        async def report(progress: float, total: float | None, message: str | None) -> None:
            if listener is not None:
                listener(progress, total, message)

        async with _phase(self.server, "call", seconds, self.process, tool):
            result = await self.client.call_tool_mcp(
                tool, dict(arguments), progress_handler=report, meta={KEY: key} if key else None
            )
        return result_of(result, where=where, envelope=tool in self._wrapped)

    async def probe(self) -> bool:
        """Tell whether the server still answers."""
        try:
            await self.refresh(PROBE)
        except ToolError:
            return False
        return True

    async def close(self) -> None:
        """End the session politely, then the process."""
        if self.process is not None:
            await self.process.close()
        await self.end()

    async def end(self) -> None:
        """End the process group and the session at once."""
        if self.process is not None:
            await self.process.end()
        try:
            async with asyncio.timeout(PROBE):
                await self.client.close()
        except Exception:  # noqa: BLE001, S110 the session's own end may fail in any way, and nobody needs it any more
            pass


@asynccontextmanager
async def _phase(
    server: str, phase: str, seconds: float, process: Process | None, tool: str = ""
) -> AsyncGenerator[None]:
    """Bound a phase and give what goes wrong in it a name."""
    from mcp import MCPError

    where = f"{server}.{tool}" if tool else server
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ToolTimeout(
            f"The server {server!r} did not finish {phase!r} within {seconds:g} s.",
            where=where,
            fix="Allow more time, or look at what the server says.",
            details=_details(phase, process),
        ) from error
    except MCPError as error:
        if phase == "call" and (process is None or process.alive) and error.code != -32000:
            raise ToolFailed(error.message, where=where, details={"rpc": error.code}) from error
        raise _broken(server, phase, process, where, error) from error
    except (asyncio.CancelledError, GeneratorExit):
        raise
    except Exception as error:  # the libraries under an MCP client raise what they like: this is the edge
        raise _broken(server, phase, process, where, error) from error


def _broken(server: str, phase: str, process: Process | None, where: str, error: Exception) -> ToolError:
    reason = process.fault if process and process.fault else f"{type(error).__name__}: {str(error)[:500]}"
    said = process.tail.strip().rpartition("\n")[2][-300:] if process else ""
    message = f"The server {server!r} failed in {phase!r}: {reason}." + (f" It said: {said}" if said else "")
    details = _details(phase, process)
    if (process and process.oversized) or "structured" in str(error).lower():
        return ToolOutputInvalid(message, where=where, fix="Mend the server.", details=details)
    return ToolUnavailable(message, where=where, fix="Look at what the server says, then try again.", details=details)


def _details(phase: str, process: Process | None) -> dict[str, Json]:
    said: dict[str, Json] = {"phase": phase}
    if process is not None:
        said |= {"stderr": process.tail, "noise": process.noise, "exit": process.exit}
    return {name: value for name, value in said.items() if value not in ("", None)}
