from __future__ import annotations

import asyncio
import hashlib
import stat

import pytest

from runtime.storage import Database
from runtime.storage.errors import ArtifactMissing

pytestmark = pytest.mark.anyio
CONTENT = "温度 710 ℃".encode()
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def count(database: Database) -> int:
    return sum(path.is_file() for path in database.home.artifacts.rglob("*"))


async def test_a_file_comes_back_as_it_was_put(database: Database) -> None:
    stored = await database.artifacts.put(CONTENT, name="读数.txt", media_type="text/plain")
    assert stored == {"id": DIGEST, "name": "读数.txt", "media_type": "text/plain", "size": len(CONTENT)}
    found, path = await database.artifacts.get(DIGEST)
    assert found == stored
    assert path.read_bytes() == CONTENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_putting_twice_writes_once(database: Database) -> None:
    first = await database.artifacts.put(CONTENT, name="a.txt", media_type="text/plain")
    _, path = await database.artifacts.get(DIGEST)
    written = path.stat().st_ino
    second = await database.artifacts.put(CONTENT, name="a.txt", media_type="text/plain")
    assert first == second
    assert path.stat().st_ino == written
    assert count(database) == 1


async def test_putting_at_once_is_harmless(database: Database) -> None:
    stored = await asyncio.gather(*(database.artifacts.put(CONTENT, name=f"{name}.txt") for name in "aabbc"))
    assert {file["id"] for file in stored} == {DIGEST}
    assert count(database) == 1
    assert (await database.artifacts.get(DIGEST))[1].read_bytes() == CONTENT


async def test_a_file_cut_short_is_written_again(database: Database) -> None:
    await database.artifacts.put(CONTENT, name="a.txt")
    _, path = await database.artifacts.get(DIGEST)
    path.write_bytes(CONTENT[:3])
    await database.artifacts.put(CONTENT, name="a.txt")
    assert path.read_bytes() == CONTENT


async def test_workspaces_do_not_see_each_others_files(database: Database) -> None:
    await database.artifacts.put(CONTENT, name="a.txt", workspace="one")
    with pytest.raises(ArtifactMissing):
        await database.artifacts.get(DIGEST, "two")
    await database.artifacts.put(CONTENT, name="b.txt", workspace="two")
    assert (await database.artifacts.get(DIGEST, "two"))[0]["name"] == "b.txt"
    assert (await database.artifacts.get(DIGEST, "one"))[0]["name"] == "a.txt"


@pytest.mark.parametrize(
    "artifact", ["", "..", "../owner.json", f"{DIGEST}/..", DIGEST.upper(), f"{DIGEST}\n", "0" * 64]
)
async def test_what_is_no_stored_id_finds_nothing(database: Database, artifact: str) -> None:
    with pytest.raises(ArtifactMissing) as caught:
        await database.artifacts.get(artifact)
    assert (caught.value.code, caught.value.exit_code, caught.value.status) == ("BG928", 3, 404)


async def test_a_file_whose_bytes_are_gone_is_missing(database: Database) -> None:
    await database.artifacts.put(CONTENT, name="a.txt")
    (await database.artifacts.get(DIGEST))[1].unlink()
    with pytest.raises(ArtifactMissing):
        await database.artifacts.get(DIGEST)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\a.csv", "a.csv"),
        ("a\n\x00b.txt", "ab.txt"),
        ("..", "file"),
        ("", "file"),
        ("x" * 300 + ".csv", "x" * 251 + ".csv"),
    ],
)
async def test_a_name_keeps_only_what_is_safe(database: Database, given: str, kept: str) -> None:
    assert (await database.artifacts.put(CONTENT, name=given))["name"] == kept
