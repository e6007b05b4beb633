"""A load generator: keep-alive connections that send one request again and again, with as little work as possible."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Request", "requests_per_second"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A POST of JSON to a URL."""

    url: str
    body: bytes
    headers: dict[str, str]

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        parts = urlsplit(self.url)
        head = {"Host": parts.netloc, "Content-Type": "application/json", **self.headers}
        lines = [f"POST {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        return "\r\n".join([*lines, f"Content-Length: {len(self.body)}", "", ""]).encode() + self.body


async def requests_per_second(request: Request, *, clients: int, seconds: float, expect: bytes) -> float:
    """Return how many right answers came in a second.

    Raises:
        RuntimeError: An answer was not 200, or lacks the expected bytes.
    """
    until = time.perf_counter() + seconds
    started = time.perf_counter()
    counts = await asyncio.gather(*(_client(request, until, expect) for _ in range(clients)))
    return sum(counts) / (time.perf_counter() - started)


async def _client(request: Request, until: float, expect: bytes) -> int:
    parts = urlsplit(request.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    wire, done = request.encode(), 0
    try:
        while time.perf_counter() < until:
            writer.write(wire)
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = await reader.readexactly(int(size.partition(b":")[2]))
            if not head.startswith(b"HTTP/1.1 200") or expect not in body:
                raise RuntimeError(f"a wrong answer: {(head + body)[:2000]!r}")
            done += 1
    finally:
        writer.close()
    return done
