"""The model that comes with the product, as a test may use it."""

from __future__ import annotations

import asyncio
import os
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
