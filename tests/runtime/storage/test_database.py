from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.base.settings import Settings
from runtime.storage import Database, Home, StorageError, StorageFull, open_home
from runtime.storage.sqlite import check_sqlite

from .programs import ROOT

pytestmark = pytest.mark.anyio
MEBIBYTE = 1024 * 1024


@pytest.fixture
def small_home(tmp_path: Path) -> Iterator[Home]:
    """A home on a disk of 4 MiB; the test is skipped where none can be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    with open_home(Settings(home=disk / "home")) as home:
        yield home
    subprocess.run(["umount", disk], check=True)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            os.fsync(file.fileno())


async def insert(database: Database, key: str) -> None:
    stream = database.writer.stream()
    stream.append("INSERT INTO idempotency VALUES ('main', ?, ?, 'run', 1)", (key, "x" * 10_000))
    await stream.commit(power=True)


async def test_what_is_written_is_there_after_reopening(home: Home) -> None:
    for expected in (1, 2):
        database = await Database.open(home)
        await insert(database, str(expected))
        count = await database.reader.run(lambda c: c.execute("SELECT count(*) FROM idempotency").fetchone()[0])
        await database.close()
        assert count == expected


async def test_the_check_finds_damage(home: Home) -> None:
    database = await Database.open(home)
    for key in range(50):
        await insert(database, str(key))
    assert await database.check() == []
    await database.close()
    size = home.database.stat().st_size
    with home.database.open("r+b") as file:
        file.seek(size - 40_000)
        file.write(b"\xee" * 30_000)
    database = await Database.open(home)
    assert await database.check() != []
    await database.close()


async def test_a_full_disk_gives_one_code_and_everything_recovers(small_home: Home) -> None:
    database = await Database.open(small_home, patience=0.2)
    await insert(database, "before")
    ballast = small_home.root / "ballast"
    fill(ballast)
    with pytest.raises(StorageFull):
        await insert(database, "full")
    with pytest.raises(StorageFull):
        await database.artifacts.put(b"x" * MEBIBYTE, name="x")
    assert [path for path in small_home.artifacts.rglob("*") if path.is_file()] == []
    with pytest.raises(StorageFull):
        small_home.publish("http://127.0.0.1:1")
    ballast.unlink()
    await insert(database, "after")
    await database.artifacts.put(b"x" * MEBIBYTE, name="x")
    keys = await database.reader.run(lambda c: c.execute("SELECT key FROM idempotency ORDER BY key").fetchall())
    assert keys == [("after",), ("before",)]
    assert await database.check() == []
    await database.close()


async def test_a_database_that_cannot_be_made_for_lack_of_space_says_so(small_home: Home) -> None:
    fill(small_home.root / "ballast")
    with pytest.raises(StorageFull) as caught:
        await Database.open(small_home)
    assert caught.value.where == str(small_home.database)
    (small_home.root / "ballast").unlink()
    await (await Database.open(small_home)).close()


def test_an_old_sqlite_is_refused() -> None:
    check_sqlite((3, 39, 0))
    with pytest.raises(StorageError, match=r"3\.38\.5"):
        check_sqlite((3, 38, 5))


def test_opening_a_current_database_loads_neither_alembic_nor_sqlmodel(settings: Settings) -> None:
    program = """
import asyncio, sys
from pathlib import Path
from runtime.base.settings import Settings
from runtime.storage import Database, open_home

async def main():
    with open_home(Settings(home=Path(sys.argv[1]))) as home:
        await (await Database.open(home)).close()

asyncio.run(main())
print(sorted({"alembic", "sqlalchemy", "sqlmodel"} & set(sys.modules)))
"""
    loaded = [
        subprocess.check_output(
            [sys.executable, "-c", program, settings.home], env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True
        ).strip()
        for _ in range(2)
    ]
    assert loaded == ["['alembic', 'sqlalchemy']", "[]"]
