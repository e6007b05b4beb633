from __future__ import annotations

import copy
import json
import logging
import pickle
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from runtime.access import Secret, SecretKey, SecretStore, UnknownSecret, WrongKey
from runtime.access.errors import BadSecretName, BadSecretValue
from runtime.base.settings import Settings
from runtime.storage import Connection, Database, open_home

pytestmark = pytest.mark.anyio

KEY = SecretKey(bytes(range(32)))
VALUE = "sk-Geheim-密码-0123"


@dataclass(frozen=True, slots=True)
class World:
    database: Database

    def store(self, workspace: str = "main", key: SecretKey = KEY) -> SecretStore:
        return SecretStore(self.database, key, workspace=workspace)

    async def execute(self, sql: str, *row: str | int) -> None:
        def run(connection: Connection) -> None:
            connection.execute(sql, row)

        await self.database.writer.call(run)


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    with open_home(settings) as home:
        database = await Database.open(home)
        try:
            yield World(database)
        finally:
            await database.close()


async def test_a_value_comes_back(world: World) -> None:
    store = world.store()
    await store.set("MAIL_TOKEN", Secret(VALUE))
    assert (await store.resolve("MAIL_TOKEN")).reveal() == VALUE


async def test_setting_again_replaces_the_value_and_keeps_the_first_time(world: World) -> None:
    store = world.store()
    first = await store.set("A", Secret("one"))
    await world.execute("UPDATE secrets SET created = created - 5000, updated = updated - 5000")
    second = await store.set("A", Secret("two"))
    assert second.created == first.created - 5000
    assert second.updated >= first.updated
    assert (await store.resolve("A")).reveal() == "two"
    assert await store.list() == (second,)


async def test_the_list_is_sorted_and_has_no_values(world: World) -> None:
    store = world.store()
    assert await store.list() == ()
    for name in ("B", "A_1", "A"):
        await store.set(name, Secret(VALUE))
    found = await store.list()
    assert [info.name for info in found] == ["A", "A_1", "B"]
    assert VALUE not in repr(found)


async def test_a_removed_secret_is_gone(world: World) -> None:
    store = world.store()
    await store.set("A", Secret("one"))
    await store.remove("A")
    for attempt in (store.resolve, store.remove):
        with pytest.raises(UnknownSecret) as caught:
            await attempt("A")
        assert (caught.value.exit_code, caught.value.status, caught.value.where) == (3, 404, "A")


async def test_workspaces_do_not_see_each_other(world: World) -> None:
    ours, theirs = world.store(), world.store("theirs")
    await ours.set("A", Secret("ours"))
    assert await theirs.list() == ()
    with pytest.raises(UnknownSecret):
        await theirs.resolve("A")
    with pytest.raises(UnknownSecret):
        await theirs.remove("A")
    await theirs.set("A", Secret("theirs"))
    assert (await ours.resolve("A")).reveal() == "ours"


@pytest.mark.parametrize("column", ["name = 'B'", "workspace = 'theirs'"])
async def test_a_row_that_was_moved_does_not_open(world: World, column: str) -> None:
    await world.store().set("A", Secret(VALUE))
    await world.execute(f"UPDATE secrets SET {column}")  # noqa: S608 the texts above
    store, name = (world.store(), "B") if "name" in column else (world.store("theirs"), "A")
    with pytest.raises(WrongKey) as caught:
        await store.resolve(name)
    assert caught.value.where == name


async def test_another_key_does_not_open_it(world: World) -> None:
    await world.store().set("A", Secret(VALUE))
    with pytest.raises(WrongKey) as caught:
        await world.store(key=SecretKey(bytes(32))).resolve("A")
    assert VALUE not in json.dumps(caught.value.to_json())


async def test_no_file_of_the_home_holds_the_value(world: World, settings: Settings) -> None:
    await world.store().set("A", Secret(VALUE))
    await world.database.writer.call(lambda connection: None)
    files = [path for path in settings.home.rglob("*") if path.is_file()]
    assert any(b"secrets" in path.read_bytes() for path in files)
    assert [path for path in files if VALUE.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("name", ["", "lower", "_A", "1A", "A-B", "A B", "A\n", "Ä", "A" * 65])
async def test_names_are_checked_and_not_repeated(world: World, name: str) -> None:
    store = world.store()
    for attempt in (lambda: store.set(name, Secret("x")), lambda: store.resolve(name), lambda: store.remove(name)):
        with pytest.raises(BadSecretName) as caught:
            await attempt()
        assert len(name) < 2 or name not in str(caught.value)
    assert await store.list() == ()


@pytest.mark.parametrize("value", ["", "x" * 65537, "密" * 30000, "\udc80secret"])
async def test_values_are_checked_and_not_repeated(world: World, value: str) -> None:
    with pytest.raises(BadSecretValue) as caught:
        await world.store().set("A", Secret(value))
    assert not value or value not in str(caught.value)
    assert caught.value.__context__ is None


async def test_the_longest_name_and_value_fit(world: World) -> None:
    name, value = "A" * 64, "x" * 65536
    await world.store().set(name, Secret(value))
    assert (await world.store().resolve(name)).reveal() == value


async def test_a_secret_hides_in_every_text(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(VALUE)
    logging.getLogger("test").warning("%s %r", secret, [secret])
    texts = [str(secret), repr(secret), f"{secret}", f"{secret!r}", str({"a": secret}), caplog.text]
    assert [text for text in texts if "***" not in text or VALUE in text] == []
    assert not hasattr(secret, "__dict__")


async def test_a_secret_is_not_serialised() -> None:
    secret = Secret(VALUE)
    for escape in (pickle.dumps, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError) as caught:
            escape(secret)
        assert VALUE not in str(caught.value)
