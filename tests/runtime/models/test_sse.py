from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.models.sse import MAX_BYTES, events

pytestmark = pytest.mark.anyio


async def blocks(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(content: bytes, size: int = 7) -> list[str]:
    return [data async for data in events(blocks(content, size))]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"data: a\n\ndata:b\n\n", ["a", "b"]),
        (b"data: a\r\n\r\n", ["a"]),
        (b": comment\n\nevent: x\nid: 1\ndata: a\ndata:  b\n\n", ["a\n b"]),
        (b"data: a\n\ndata: cut", ["a"]),
        (b"data: cut\n", []),
        ("data: 水\u2028泵\x0b\n\n".encode(), ["水\u2028泵\x0b"]),
        (b"\n\n\n", []),
    ],
)
async def test_events_are_read(content: bytes, expected: list[str]) -> None:
    assert await read(content) == expected


@pytest.mark.parametrize("content", [b"data: " + b"x" * (MAX_BYTES + 1), (b"data: " + b"x" * 9_999 + b"\n") * 500])
async def test_huge_events_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        await read(content, 65_536)


@given(
    texts=st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1)), size=st.integers(1, 9)
)
def test_any_texts_survive_any_cutting(texts: list[str], size: int) -> None:
    import asyncio

    content = "".join(f"data: {text}\n\n" for text in texts).encode()
    assert asyncio.run(read(content, size)) == texts
