"""Frames between the server and a model's process: four bytes of length, big-endian, then one JSON object in UTF-8.

The length comes first, so that a frame that is too large is refused before it is read, no text has to be searched for a
line end, and a stray `printf` of a native library cannot pass for a frame: the child moves its standard output away
before it loads any (see `claim`).
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
import threading
from typing import Final, cast

from ...base.errors import Json
from ..errors import FrameInvalid

__all__ = ["MAX_REPLY", "MAX_REQUEST", "FrameReader", "FrameWriter", "claim", "encode", "read"]

MAX_REQUEST: Final = 16 << 20
"""A prompt of a 1 M token context is about 5 MB."""
MAX_REPLY: Final = 16 << 20
"""Embeddings of 256 texts with 4096 numbers are about 12 MB."""
_HEAD: Final = struct.Struct(">I")


def encode(frame: dict[str, Json], limit: int) -> bytes:
    """Return the frame's bytes.

    Raises:
        FrameInvalid: It is larger than `limit`.
    """
    body = json.dumps(frame, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    if len(body) > limit:
        raise FrameInvalid(f"A frame of {len(body)} bytes is larger than the limit of {limit}.")
    return _HEAD.pack(len(body)) + body


def _decode(body: bytes) -> dict[str, Json]:
    try:
        frame = cast("Json", json.loads(body))
    except ValueError as error:
        raise FrameInvalid("A frame is not JSON.") from error
    if not isinstance(frame, dict):
        raise FrameInvalid("A frame is not a JSON object.")
    return frame


def _size(head: bytes, limit: int) -> int:
    (size,) = cast("tuple[int]", _HEAD.unpack(head))
    if size > limit:
        raise FrameInvalid(f"A frame announces {size} bytes; the limit is {limit}.")
    return size


async def read(stream: asyncio.StreamReader, limit: int = MAX_REPLY) -> dict[str, Json] | None:
    """Return the next frame, or None at the end of the stream.

    Raises:
        FrameInvalid: The stream ends inside a frame, or what came is no frame.
    """
    try:
        head = await stream.readexactly(_HEAD.size)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise FrameInvalid("The stream ended inside a frame.") from error
        return None
    try:
        return _decode(await stream.readexactly(_size(head, limit)))
    except asyncio.IncompleteReadError as error:
        raise FrameInvalid("The stream ended inside a frame.") from error


def claim() -> tuple[int, int]:
    """Take standard input and output for frames; what native code prints goes to standard error from now on.

    Call it before any native library is loaded. Returns the two file descriptors, closed on exec.
    """
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return source, sink


class FrameReader:
    """Blocking reader, for the child's reading thread."""

    def __init__(self, fd: int, limit: int = MAX_REQUEST) -> None:
        self._file = os.fdopen(fd, "rb", buffering=1 << 16)
        self._limit = limit

    def read(self) -> dict[str, Json] | None:
        """Return the next frame, or None at the end of the stream.

        Raises:
            FrameInvalid: What came is no frame.
        """
        head = self._file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        size = _size(head, self._limit)
        body = self._file.read(size)
        return _decode(body) if len(body) == size else None

    def close(self) -> None:
        """Read no more."""
        self._file.close()


class FrameWriter:
    """Blocking writer that several threads may share."""

    def __init__(self, fd: int, limit: int = MAX_REPLY) -> None:
        self._fd = fd
        self._limit = limit
        self._lock = threading.Lock()

    def write(self, frame: dict[str, Json]) -> None:
        """Write one frame whole.

        Raises:
            FrameInvalid: It is too large; nothing was written.
            OSError: The parent is gone.
        """
        data = memoryview(encode(frame, self._limit))
        with self._lock:
            while data:
                data = data[os.write(self._fd, data) :]
