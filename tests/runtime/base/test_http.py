"""The guarded client: addresses that must not be reached, whatever they are written as."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from runtime.base.http import guarded_client
from runtime.base.networks import AddressRefused, Guard, read_networks

pytestmark = pytest.mark.anyio

INNER = [
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "169.254.1.1",
    "0.0.0.0",  # noqa: S104
    "100.64.0.1", "100.100.100.200", "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1",
    "2002:7f00:1::", "2002:a9fe:a9fe::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "::127.0.0.1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("text", INNER)
def test_an_inner_address_is_refused_however_it_is_written(text: str) -> None:
    with pytest.raises(AddressRefused):
        Guard().check("h", 443, [ipaddress.ip_address(text)])


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"])
def test_a_public_address_is_fine(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert Guard().check("h", 443, [address]) == [address]
    with pytest.raises(AddressRefused, match="BAIGONG_OFFLINE"):
        Guard(offline=True).check("h", 443, [address])


def test_one_inner_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(AddressRefused):
        Guard().check("h", 443, [ipaddress.ip_address("1.1.1.1"), ipaddress.ip_address("10.0.0.1")])


def test_an_administrator_allows_inner_networks_but_never_a_cloud_s_credentials() -> None:
    guard = Guard(inner=read_networks("10.0.0.0/8, 127.0.0.1, 169.254.0.0/16"))
    assert guard.check("h", 80, [ipaddress.ip_address("10.2.3.4"), ipaddress.ip_address("127.0.0.1")])
    for text in ("169.254.169.254", "::ffff:169.254.169.254", "192.168.1.1"):
        with pytest.raises(AddressRefused):
            guard.check("h", 80, [ipaddress.ip_address(text)])
    offline = Guard(inner=read_networks("10.0.0.0/8,127.0.0.1"), offline=True)
    assert offline.check("h", 80, [ipaddress.ip_address("127.0.0.1")])
    with pytest.raises(AddressRefused, match="OFFLINE"):
        offline.check("h", 80, [ipaddress.ip_address("10.0.0.1")])


def test_ports_are_few() -> None:
    with pytest.raises(AddressRefused, match="port 22"):
        Guard().check("h", 22, [ipaddress.ip_address("1.1.1.1")])


@asynccontextmanager
async def server() -> AsyncIterator[tuple[int, list[str]]]:
    """Serve on the loopback interface and count the requests that arrive."""
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1], seen
    finally:
        listening.close()


async def test_nothing_arrives_where_nothing_may(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with server() as (port, seen):
        hosts = ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "017700000001")
        async with guarded_client(Guard(ports=frozenset({port}))) as client:
            for host in hosts:
                with pytest.raises((AddressRefused, httpx.HTTPError, httpx.InvalidURL)):
                    await client.get(f"http://{host}:{port}/")
        assert seen == []
        allowed = Guard(ports=frozenset({port}), inner=read_networks("127.0.0.1"))
        async with guarded_client(allowed) as client:
            assert (await client.get(f"http://127.0.0.1:{port}/")).text == "hi"
            assert (await client.get(f"http://localhost:{port}/")).text == "hi"
        assert len(seen) == 2
        assert "Host: localhost" in seen[1]


async def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was judged is the one that is dialled: the name is asked once."""
    asked: list[str] = []

    async def resolve(self: object, host: str, port: int, **rest: object) -> list[object]:
        asked.append(host)
        address = "1.1.1.1" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    dialled: list[str] = []

    async def dial(self: object, host: str, port: int, **rest: object) -> None:
        dialled.append(host)
        raise httpx.ConnectError("no network in tests")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    monkeypatch.setattr("httpcore.AnyIOBackend.connect_tcp", dial)
    async with guarded_client(Guard()) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://rebind.example/")
        assert (asked, dialled) == (["rebind.example"], ["1.1.1.1"])
        with pytest.raises(AddressRefused):
            await client.get("http://rebind.example/")
        assert dialled == ["1.1.1.1"]
