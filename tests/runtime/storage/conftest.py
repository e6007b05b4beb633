"""A home folder of its own for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from runtime.base.settings import Settings
from runtime.storage import Database, Home, Writer, open_home
from runtime.storage.sqlite import SqliteFile

SCHEMA = """
CREATE TABLE IF NOT EXISTS t (k INTEGER PRIMARY KEY, v TEXT);
CREATE TABLE IF NOT EXISTS owners (id TEXT PRIMARY KEY, fence INTEGER);
"""


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that another thread does."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 the other thread knows no event of this loop
            await asyncio.sleep(0.002)


@pytest.fixture
def home(settings: Settings) -> Iterator[Home]:
    with open_home(settings) as home:
        yield home


@pytest.fixture
async def database(home: Home) -> AsyncIterator[Database]:
    database = await Database.open(home)
    yield database
    await database.close()


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Writer]:
    writer = Writer(SqliteFile(tmp_path / "t.db", SCHEMA))
    await writer.open()
    yield writer
    await writer.close()
