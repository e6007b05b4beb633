from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from runtime.access import Credentials, SecretKey
from runtime.access.errors import BadScope, LinkSpent, UnknownKey
from runtime.base.settings import Settings
from runtime.storage import Connection, Database, open_home

pytestmark = pytest.mark.anyio

KEY = SecretKey(bytes(range(32)))


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    with open_home(settings) as home:
        database = await Database.open(home)
        try:
            yield database
        finally:
            await database.close()


async def test_a_key_is_recognised_and_only_its_hash_is_stored(database: Database) -> None:
    credentials = Credentials(database, KEY)
    token, info = await credentials.issue_key("shop", scopes=["runs:write"], app="chat")
    found = await Credentials(database, KEY).find(token)
    assert found is not None
    assert (found.id, found.kind, found.app) == (info.id, "key", "chat")
    assert found.may("runs:write", app="chat")
    assert not found.may("runs:write", app="other")
    assert not found.may("runs:read", app="chat")
    rows = await database.reader.run(lambda connection: connection.execute("SELECT * FROM keys").fetchall())
    assert token not in repr(rows)
    assert [one.id for one in await credentials.list()] == [info.id]


@pytest.mark.parametrize("token", ["", "bgk_", "bgk_wrong", "bgl_wrong", "x" * 1000, "bgk_密"])
async def test_what_is_no_credential_is_nobody(database: Database, token: str) -> None:
    assert await Credentials(database, KEY).find(token) is None


async def test_another_key_file_recognises_nothing(database: Database) -> None:
    token, _ = await Credentials(database, KEY).issue_key("a")
    assert await Credentials(database, SecretKey(bytes(32))).find(token) is None


async def test_a_link_signs_in_once_and_is_no_credential_itself(database: Database) -> None:
    credentials = Credentials(database, KEY)
    link, _ = await credentials.issue_link()
    assert await credentials.find(link) is None
    session, principal = await credentials.redeem(link)
    assert principal.kind == "user"
    assert await credentials.find(session) == principal
    with pytest.raises(LinkSpent):
        await credentials.redeem(link)
    await credentials.revoke(principal.id)
    assert await credentials.find(session) is None


async def test_a_link_and_a_key_are_over_in_time(database: Database) -> None:
    credentials = Credentials(database, KEY)
    link, _ = await credentials.issue_link()
    token, _ = await credentials.issue_key("short", seconds=3600)
    assert await credentials.find(token) is not None

    def age(connection: Connection) -> None:
        connection.execute("UPDATE keys SET expires = 1")

    await database.writer.call(age)
    with pytest.raises(LinkSpent):
        await credentials.redeem(link)
    assert await Credentials(database, KEY).find(token) is None


async def test_a_revoked_key_is_nobody_at_once(database: Database) -> None:
    credentials = Credentials(database, KEY)
    token, info = await credentials.issue_key("a")
    assert await credentials.find(token) is not None
    with pytest.raises(UnknownKey):
        await credentials.revoke(info.id, "elsewhere")
    await credentials.revoke(info.id)
    assert await credentials.find(token) is None
    assert await credentials.list() == []


async def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_remembered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = Credentials(database, KEY)
    token, info = await credentials.issue_key("shop")
    read = database.reader.run

    async def read_then_revoke(work: Any) -> Any:  # noqa: ANN401
        found = await read(work)
        monkeypatch.undo()
        await credentials.revoke(info.id)
        return found

    monkeypatch.setattr(database.reader, "run", read_then_revoke)
    await credentials.find(token)
    assert await credentials.find(token) is None


async def test_a_scope_must_exist(database: Database) -> None:
    with pytest.raises(BadScope, match="nonsense"):
        await Credentials(database, KEY).issue_key("a", scopes=["nonsense"])
