from __future__ import annotations

import asyncio
import os
import struct

import pytest

from runtime.models.errors import FrameInvalid
from runtime.models.local.frames import FrameReader, FrameWriter, encode, read

pytestmark = pytest.mark.anyio


def stream(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def test_frames_come_as_they_were_written() -> None:
    source, sink = os.pipe()
    FrameWriter(sink).write({"text": "泵"})
    os.close(sink)
    reader = FrameReader(source)
    assert [reader.read(), reader.read()] == [{"text": "泵"}, None]
    reader.close()
    data = stream(encode({"id": 1}, 100) + encode({"id": 2}, 100))
    assert [await read(data), await read(data), await read(data)] == [{"id": 1}, {"id": 2}, None]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (struct.pack(">I", 1 << 31), "announces"),
        (b"\0\0", "inside a frame"),
        (struct.pack(">I", 9) + b"{", "inside a frame"),
        (struct.pack(">I", 1) + b"{", "not JSON"),
        (struct.pack(">I", 2) + b"[]", "not a JSON object"),
    ],
)
async def test_what_is_no_frame_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(FrameInvalid, match=said):
        await read(stream(data))


def test_a_frame_that_is_too_large_is_not_sent() -> None:
    with pytest.raises(FrameInvalid, match="larger than the limit of 10"):
        encode({"text": "pump"}, 10)
