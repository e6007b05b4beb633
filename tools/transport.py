"""Carries MCP messages between a server's process and fastmcp's client."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from .process import Process

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from fastmcp.client.transports.base import ClientTransport
    from mcp.shared.message import SessionMessage

__all__ = ["transport_of"]

NOISE_CAP = 1000
"""Lines that are no message after which a server is given up."""


def transport_of(process: Process) -> ClientTransport:
    """Return a fastmcp transport over a process that runs already."""
    from fastmcp.client.transports.base import ClientTransport, TransportOptions
    from mcp import ClientSession

    class Pipes(ClientTransport):
        """One session over the process's standard streams."""

        @asynccontextmanager
        async def connect_session(
            self,
            *,
            transport_options: TransportOptions | None = None,
            **session_kwargs: Any,  # noqa: ANN401 fastmcp's own
        ) -> AsyncGenerator[ClientSession]:
            options = transport_options or TransportOptions()
            async with (
                _streams(process) as (incoming, outgoing),
                options.session_class(incoming, outgoing, **session_kwargs) as session,
            ):
                yield session

    return Pipes()


@asynccontextmanager
async def _streams(
    process: Process,
) -> AsyncGenerator[
    tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]
]:
    """Pump lines to and from message streams while the context is open."""
    import anyio

    to_client, incoming = anyio.create_memory_object_stream["SessionMessage | Exception"](0)
    outgoing, from_client = anyio.create_memory_object_stream["SessionMessage"](0)
    async with anyio.create_task_group() as pumps:
        pumps.start_soon(_receive, process, to_client)
        pumps.start_soon(_send, process, from_client)
        try:
            yield incoming, outgoing
        finally:
            pumps.cancel_scope.cancel()
            for stream in (to_client, incoming, outgoing, from_client):
                stream.close()


async def _receive(process: Process, client: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    import anyio

    ignored = 0
    with client:
        async for line in process.lines():
            message = _message(line)
            if message is None:
                process.noise = process.noise or line[:200].decode("utf-8", "replace").strip()
                ignored += 1
                if ignored > NOISE_CAP:
                    process.cut("it writes to its standard output what is not MCP")
                continue
            try:
                await client.send(message)
            except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                return


def _message(line: bytes) -> SessionMessage | None:
    """Parse one line; None when it is no JSON-RPC message: a banner or a log line in the wrong place."""
    import mcp_types
    from mcp.shared.message import SessionMessage

    try:
        return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError:
        return None


async def _send(process: Process, messages: MemoryObjectReceiveStream[SessionMessage]) -> None:
    async with messages:
        async for message in messages:
            data = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            try:
                await process.write(data.encode() + b"\n")
            except OSError:  # it has gone away: the reader sees the end of its output and ends the session
                return
