"""The model that comes with the product, as a test may use it."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic

import pytest

from runtime.models.local.backend import LocalModel
from runtime.models.local.chat import LocalChat
from runtime.models.local.weights import Weights


@pytest.fixture
async def chat() -> AsyncIterator[LocalChat]:
    """SmolLM2 with a small context; its process is started by the first call."""
    model = LocalChat(name="local/smollm2", weights=Weights(), context=1024)
    yield model
    await model.close()


@pytest.fixture(scope="session")
def smollm2() -> Path:
    return Weights().file()


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Wait until something holds."""
    end = monotonic() + seconds
    while not holds() and monotonic() < end:  # noqa: ASYNC110 the kernel tells nobody
        await asyncio.sleep(0.01)
    return holds()


def pid_of(model: LocalModel) -> int:
    assert model.pid and model.pid != os.getpid()
    return model.pid


def with_template(model: Path, target: Path, template: str) -> Path:
    """Copy a GGUF file with another chat template.

    The new one is filled up with spaces so that what follows moves by a multiple of the alignment, which is 32.
    """
    key = b"tokenizer.chat_template"
    data = model.read_bytes()
    place = data.index(struct.pack("<Q", len(key)) + key) + 8 + len(key) + 4
    (size,) = struct.unpack_from("<Q", data, place)
    raw = template.encode()
    raw += b" " * ((size - len(raw)) % 32)
    with target.open("wb") as file:
        file.write(data[:place] + struct.pack("<Q", len(raw)) + raw)
        file.write(memoryview(data)[place + 8 + size :])
    return target
