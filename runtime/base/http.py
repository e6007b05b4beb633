"""The one HTTP client for addresses that an app or its data may name: no request reaches an address that it must not.

The check is made inside the connection: a name is resolved once, every address that it has is judged, and one of those
very addresses is dialled, so that a name which resolves otherwise the second time gains nothing. Redirects go through
the same door. Nothing is taken from the environment: no proxies, no credentials.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Any, cast

import httpcore
import httpx

from .networks import Address, AddressRefused, Guard

__all__ = ["guarded_client"]


class _Backend(httpcore.AsyncNetworkBackend):
    """Dials addresses that were judged, and nothing else."""

    def __init__(self, guard: Guard, dialler: httpcore.AsyncNetworkBackend) -> None:
        self._guard = guard
        self._dialler = dialler

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = self._guard.check(host, port, await _resolve(host, port))
        error: httpcore.NetworkError | None = None
        for address in addresses:
            try:
                return await self._dialler.connect_tcp(
                    str(address), port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed if isinstance(failed, httpcore.NetworkError) else httpcore.ConnectError(str(failed))
        raise error or httpcore.ConnectError("no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefused("Sockets of this machine are not reached.", where=path)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _resolve(host: str, port: int) -> list[Address]:
    try:
        return [ipaddress.ip_address(host.strip("[]"))]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"The name {host!r} cannot be resolved: {error}") from error
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in dict.fromkeys(found)]


class _Transport(httpx.AsyncHTTPTransport):
    """httpx's transport over a pool whose connections are judged."""

    def __init__(self, guard: Guard, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=20,
            max_keepalive_connections=0,
            network_backend=_Backend(guard, cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())),
        )


def guarded_client(guard: Guard, *, context: ssl.SSLContext | None = None, connect: float = 10.0) -> httpx.AsyncClient:
    """Return a client that reaches only what the guard allows; it follows no redirect by itself.

    Args:
        guard: What may be reached.
        context: Which certificates are trusted; the system's unless given.
        connect: Seconds that a connection may take.
    """
    return httpx.AsyncClient(
        transport=_Transport(guard, context or ssl.create_default_context()),
        timeout=httpx.Timeout(None, connect=connect),
        trust_env=False,
        follow_redirects=False,
    )
