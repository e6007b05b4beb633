"""A database on a server: tables, transactions, guards, lost connections, several processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from runtime.storage import Connection, Fenced, Reader, StorageError, StreamLost, Writer
from runtime.storage.errors import CommitUnknown, DatabaseNewer
from runtime.storage.postgres import PostgresServer
from runtime.storage.tables import METADATA
from tests.postgres import postgres

pytestmark = pytest.mark.anyio

INSERT = "INSERT INTO t VALUES (?, ?)"
GUARD = "SELECT 1 FROM owners WHERE id = ? AND fence = ?"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


def fresh(server: str, name: str, *statements: str) -> str:
    """Make an empty database and return its address."""
    url = f"{server.rpartition('/')[0]}/{name}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())
    return url


@pytest.fixture
def url(server: str) -> str:
    tables = "CREATE TABLE t (k bigint PRIMARY KEY, v text)", "CREATE TABLE owners (id text PRIMARY KEY, fence bigint)"
    return fresh(server, "one", *tables)


@pytest.fixture
async def writer(url: str) -> AsyncIterator[Writer]:
    writer = Writer(PostgresServer(url), patience=5)
    await writer.open()
    yield writer
    await writer.close()


def rows(url: str, query: str = "SELECT k, v FROM t ORDER BY k") -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_the_migrations_lead_to_the_declared_tables(server: str) -> None:
    url = fresh(server, "migrated")
    PostgresServer(url).migrate()
    PostgresServer(url).migrate()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_of_processes_that_start_together_one_makes_the_tables(server: str) -> None:
    url = fresh(server, "together")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: PostgresServer(url).migrate(), range(4)))
    assert rows(url, "SELECT count(*) FROM alembic_version") == [(1,)]


def test_newer_tables_are_refused(server: str) -> None:
    url = fresh(server, "newer")
    PostgresServer(url).migrate()
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseNewer, match="9999"):
        PostgresServer(url).migrate()


def test_a_server_that_is_not_there_is_explained_without_the_password() -> None:
    server = PostgresServer("postgresql://ann:secret-word@127.0.0.1:1/x")
    with pytest.raises(StorageError) as caught:
        server.migrate()
    told = f"{caught.value.message} {caught.value.where} {caught.value.fix}"
    assert caught.value.code == "BG920"
    assert "secret-word" not in told
    assert "BAIGONG_DATABASE_URL" in told


async def test_many_streams_share_one_transaction(writer: Writer, url: str) -> None:
    streams = [writer.stream() for _ in range(50)]
    for number, stream in enumerate(streams):
        stream.append(INSERT, (number, "50 % ? 泵"))
    await asyncio.gather(*(stream.commit() for stream in streams))
    assert len(rows(url)) == 50
    assert rows(url)[0] == (0, "50 % ? 泵")
    assert (writer.stats.batches, writer.stats.rows) == (1, 50)


async def test_a_failure_hits_only_its_stream(writer: Writer, url: str) -> None:
    good, bad = writer.stream(), writer.stream()
    good.append(INSERT, (1, "x"))
    bad.append(INSERT, (2, "y"))
    bad.execute("INSERT INTO t VALUES (1, 'clash')")
    results = await asyncio.gather(good.commit(), bad.commit(), return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], StreamLost)
    assert rows(url) == [(1, "x")]


async def test_nobody_takes_over_between_the_guard_and_the_commit(writer: Writer, url: str) -> None:
    """A transaction that has seen that it is the owner holds the row until its writes are there."""
    await writer.call(lambda connection: connection.execute("INSERT INTO owners VALUES ('r', 1)").rowcount)
    other = Writer(PostgresServer(url))
    await other.open()

    def take(connection: Connection) -> int:
        query = "UPDATE owners SET fence = fence + 1 WHERE id = 'r' RETURNING fence"
        return connection.execute(query).fetchone()[0]

    stream = writer.stream((GUARD, ("r", 1)))
    stream.execute("INSERT INTO t SELECT 1, pg_sleep(0.3)::text")
    first = stream.commit()
    await asyncio.sleep(0.1)
    assert await other.call(take) == 2
    assert first.done()
    stream.append(INSERT, (2, "late"))
    with pytest.raises(Fenced):
        await stream.commit()
    assert len(rows(url)) == 1
    await other.close()


async def test_a_reader_sees_one_state_and_cannot_write(writer: Writer, url: str) -> None:
    reader = Reader(writer.backend)

    def twice(connection: Connection) -> tuple[int, int]:
        first = connection.execute("SELECT count(*) FROM t").fetchone()[0]
        with psycopg.connect(url) as other:
            other.execute("INSERT INTO t SELECT coalesce(max(k), 0) + 1, 'x' FROM t")
        return first, connection.execute("SELECT count(*) FROM t").fetchone()[0]

    assert await reader.run(twice) == (0, 0)
    assert await reader.run(lambda connection: connection.execute("SELECT count(*) FROM t").fetchone()[0]) == 1
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        await reader.run(lambda connection: connection.execute(INSERT, (9, "x")).rowcount)
    # Without a type of its own, and a sum that is exact in the database.
    found = "SELECT sum(k), ? FROM t WHERE (? IS NULL OR v = ?)"
    row = await reader.run(lambda connection: connection.execute(found, (None, None, None)).fetchone())
    assert (row, type(row[0])) == ((1.0, None), float)
    await reader.close()


async def test_a_lost_connection_is_made_anew(writer: Writer, url: str) -> None:
    reader = Reader(writer.backend)
    await reader.run(lambda connection: connection.execute("SELECT 1").fetchone())
    with psycopg.connect(url, autocommit=True) as other:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'baigong'"
        assert len(other.execute(others).fetchall()) == 2
    stream = writer.stream()
    stream.append(INSERT, (1, "x"))
    await stream.commit()
    assert await writer.call(lambda connection: connection.execute(INSERT, (2, "y")).rowcount) == 1
    assert await reader.run(lambda connection: connection.execute("SELECT count(*) FROM t").fetchone()[0]) == 2
    await reader.close()


async def test_a_commit_of_which_nobody_knows_is_not_made_again(writer: Writer, url: str) -> None:
    """The connection is lost in the middle of COMMIT: each stream hears of it, and nothing is written a second time."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW WHEN (NEW.v = 'cut') EXECUTE FUNCTION cut()"
        )
    one, two = writer.stream(), writer.stream()
    one.append(INSERT, (1, "cut"))
    two.append(INSERT, (2, "whole"))
    results = await asyncio.gather(one.commit(), two.commit(), return_exceptions=True)
    assert [type(result) for result in results] == [CommitUnknown, CommitUnknown]
    assert (rows(url), writer.stats.splits) == ([], 0)
    three = writer.stream()
    three.append(INSERT, (3, "later"))
    await three.commit()
    assert rows(url) == [(3, "later")]


async def test_two_that_wait_for_each_other_are_both_served(writer: Writer, url: str) -> None:
    """The server breaks a deadlock by refusing one of them, which is then written again."""
    await writer.call(lambda connection: connection.execute("INSERT INTO t VALUES (1, ''), (2, '')").rowcount)
    other = Writer(PostgresServer(url), patience=10)
    await other.open()
    update = "UPDATE t SET v = v || ? || coalesce(pg_sleep(0.2)::text, '') WHERE k = ?"
    ours, theirs = writer.stream(), other.stream()
    for key in (1, 2):
        ours.execute(update, ("a", key))
        theirs.execute(update, ("b", 3 - key))
    await asyncio.gather(ours.commit(), theirs.commit())
    assert {"".join(sorted(str(value))) for _, value in rows(url)} == {"ab"}
    await other.close()
