"""Server-sent events (HTML Living Standard, section 9.2): a body's bytes as the data of its events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

__all__ = ["MAX_BYTES", "events"]

MAX_BYTES = 4 * 1024 * 1024
"""The largest event."""


async def events(content: AsyncIterator[bytes]) -> AsyncGenerator[str]:
    r"""Yield the data of each event; one that the end cuts off is dropped, as the standard says.

    Lines end at line feeds only: inside a JSON text `U+2028` and its like are no line ends, as `str.splitlines` thinks.

    Raises:
        ValueError: An event is too large or no UTF-8.
    """
    data: list[str] = []
    size = 0
    async for line in _lines(content):
        size += len(line)
        if size > MAX_BYTES:
            raise ValueError(f"an event has more than {MAX_BYTES:,} bytes")
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" ").decode("utf-8"))
        elif not line:
            if data:
                yield "\n".join(data)
            data, size = [], 0


async def _lines(content: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    rest = b""
    async for block in content:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
        if len(rest) > MAX_BYTES:
            raise ValueError(f"a line has more than {MAX_BYTES:,} bytes")
