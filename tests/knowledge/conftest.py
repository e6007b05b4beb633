"""A library with the shipped hashing embedder, which needs no model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge.library import Library

PUMP = b"""---
equipment: pump
---
# Pump

Read this first.

## Seal leakage

If the mechanical seal leaks, stop the pump and replace the seal faces.

## Cavitation

Cavitation sounds like gravel. Raise the suction pressure.
"""
MOTOR = "电机轴承温度超过95摄氏度时，应立即停机检查润滑。\n\n绝缘电阻低于1兆欧时，不得启动电机。\n".encode()
FILES = {"pump.md": PUMP, "motor.txt": MOTOR}


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    found = Library(tmp_path / "knowledge", embedder="hashing")
    yield found
    await found.close()
