"""`sql` nodes on a real SQLite file and a real PostgreSQL server: reading, what cannot be changed, exactly once."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from agents.compiler import compile_bundle
from agents.graph import CompiledApp
from agents.spec import Bundle, DatabaseInfo
from runtime.orchestration.record import RunRecord
from tests.postgres import postgres
from tools.databases import DatabasesInvalid, DatabaseSpec, listed_databases
from tools.sql import SqlDoor

from .bench import HEAD, RESOURCES, Bench, bench

pytestmark = pytest.mark.anyio

TABLE = [
    "CREATE TABLE readings (tag TEXT, mm NUMERIC, at TIMESTAMP, note TEXT)",
    "INSERT INTO readings VALUES ('P-101', 7.5, '2026-01-02 03:04:05', 'it''s')",
    "INSERT INTO readings VALUES ('P-101', 3, '2026-01-03 00:00:00', NULL)",
    "INSERT INTO readings VALUES ('P-102', 1.25, '2026-01-04 00:00:00', '水泵')",
]
ALL = "n: '${get.count}', m: '${get.more}'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """A database, and a way past the product to look into it."""

    url: str

    def run(self, query: str) -> list[tuple[object, ...]]:
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection, connection:
                return connection.execute(query).fetchall()
        with psycopg.connect(self.url) as connection:
            found = connection.execute(query)  # pyright: ignore[reportArgumentType,reportCallIssue]
            return found.fetchall() if found.description else []


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Base:
    if request.param == "sqlite":
        found = Base(url=f"sqlite:///{tmp_path / 'plant.db'}")
    else:
        found = Base(url=request.getfixturevalue("server"))
        found.run("DROP TABLE IF EXISTS readings, baigong_effects")
    for query in TABLE:
        found.run(query)
    return found


@asynccontextmanager
async def host(folder: Path, base: Base, *, write: bool = False, ledger: bool = False) -> AsyncIterator[Bench]:
    async def reveal(name: str) -> str | None:
        return None

    spec = DatabaseSpec(url=base.url, write=write, ledger=ledger)
    door = SqlDoor(databases={"plant": spec}, home=folder, secrets=reveal)
    async with bench(folder / "home", doors={"sql": door.call}) as found:
        yield found


def app_of(
    node: str,
    *,
    outputs: str = "{n: integer}",
    end: str = "n: '${get.count}'",
    write: bool = False,
    ledger: bool = False,
) -> CompiledApp:
    text = (
        HEAD
        + "inputs: {q: {type: string, default: P-101}}\n"
        + f"outputs: {outputs}\nrequires: {{databases: {{db: plant}}}}\n"
        + f"types: {{Reading: {{tag: string, mm: number}}}}\nnodes:\n  get: {{type: sql, database: db, {node}}}\n"
        + f"  done: {{type: end, in: {{{end}}}}}\n"
    )
    known = replace(
        RESOURCES, databases={"db": DatabaseInfo(name="plant", write=write, ledger=ledger, reads="trusted")}
    )
    found = compile_bundle(Bundle(files={"app.yaml": text.encode()}), known)
    assert found.app is not None, [one.en for one in found.diagnostics]
    return found.app


async def run(where: Bench, app: CompiledApp, **inputs: str) -> RunRecord:
    info = await where.engine.accept(app, {**inputs})
    return await where.engine.wait(info.id)


def error(record: RunRecord) -> tuple[str, str]:
    found = record.error or {}
    return str(found.get("code")), str(found.get("message"))


async def test_rows_are_typed_and_parameters_are_values(tmp_path: Path, base: Base) -> None:
    async with host(tmp_path, base) as where:
        app = app_of(
            "query: 'SELECT tag, mm FROM readings WHERE tag = :tag ORDER BY mm', in: {tag: '${inputs.q}'}, "
            "returns: 'list<Reading>'",
            outputs="{rows: 'list<Reading>', n: integer, more: boolean}",
            end="rows: '${get.rows}', n: '${get.count}', more: '${get.more}'",
        )
        record = await run(where, app)
        rows = [{"tag": "P-101", "mm": 3}, {"tag": "P-101", "mm": 7.5}]
        assert record.outputs == {"rows": rows, "n": 2, "more": False}, record.error
        assert (await run(where, app, q="' OR 1=1 --")).outputs == {"rows": [], "n": 0, "more": False}
        again = await where.engine.replay(record.info.id)
        assert again.outputs == record.outputs
        few = app_of(
            "query: 'SELECT note, at FROM readings ORDER BY at', max_rows: 2",
            outputs="{rows: json, more: boolean}",
            end="rows: '${get.rows}', more: '${get.more}'",
        )
        record = await run(where, few)
        assert (record.outputs or {})["more"] is True
        first = (record.outputs or {})["rows"]
        assert isinstance(first, list)
        assert [one["note"] for one in first if isinstance(one, dict)] == ["it's", None]
        assert str(first[0]["at"]).replace(" ", "T") == "2026-01-02T03:04:05"  # type: ignore[index]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM readings",
        "INSERT INTO readings (tag) VALUES (''x'')",
        "DROP TABLE readings",
        "CREATE TABLE y (a int)",
        "SET TRANSACTION READ WRITE; DELETE FROM readings",
        "SELECT 1; DELETE FROM readings",
        "COMMIT; DELETE FROM readings",
        "SELECT 1; COMMIT; BEGIN READ WRITE; DELETE FROM readings; COMMIT",
        "WITH x AS (DELETE FROM readings RETURNING 1) SELECT * FROM x",
        "SELECT set_config(''transaction_read_only'', ''off'', false)",
        "ATTACH ''/tmp/other.db'' AS o",
        "PRAGMA query_only = OFF",
        "SELECT load_extension(''x'')",
        "SELECT * FROM nowhere",
        "SELEKT",
    ],
)  # fmt: skip
@pytest.mark.parametrize("write", [False, True])
async def test_a_node_without_write_changes_nothing(tmp_path: Path, base: Base, query: str, *, write: bool) -> None:
    """Whatever the query says, and whether or not other nodes may change the database."""
    async with host(tmp_path, base, write=write) as where:
        record = await run(where, app_of(f"query: '{query}'", write=write))
        assert error(record)[0] == "BG830", record.error
        assert base.run("SELECT count(*) FROM readings") == [(3,)]


async def test_a_change_is_made_once_with_a_ledger(tmp_path: Path, base: Base) -> None:
    async with host(tmp_path, base, write=True, ledger=True) as where:
        app = app_of(
            "query: 'UPDATE readings SET note = :note WHERE tag = :q', write: true, in: {q: '${inputs.q}', note: new}",
            write=True,
            ledger=True,
        )
        record = await run(where, app)
        assert record.outputs == {"n": 2}, record.error
        (effect,) = await where.engine.effects(record.info.id)
        assert effect["class"] == "keyed"
        assert base.run("SELECT count(*) FROM baigong_effects") == [(1,)]
        # A crash after the change and before our own note of it: the same key is sent again.
        base.run("UPDATE readings SET note = 'touched'")
        async with host(tmp_path / "again", base, write=True, ledger=True) as other:
            door = other.engine._host.doors["sql"]
            arguments = {
                "database": "plant", "query": "UPDATE readings SET note = 'twice'", "values": {}, "write": True,
            }  # fmt: skip
            found = await door(arguments, egress=(), key=str(effect["effect"]), timeout=5)  # type: ignore[arg-type]
        assert found.data == {"rows": [], "count": 2, "more": False}
        assert base.run("SELECT count(*) FROM readings WHERE note = 'touched'") == [(3,)]


async def test_a_change_that_fails_changes_nothing(tmp_path: Path, base: Base) -> None:
    async with host(tmp_path, base, write=True, ledger=True) as where:
        app = app_of("query: 'UPDATE readings SET nope = 1', write: true", write=True, ledger=True)
        record = await run(where, app)
        assert error(record)[0] == "BG830"
        assert [row["state"] for row in await where.engine.effects(record.info.id)] == ["failed"]


async def test_a_query_that_runs_for_ever_is_stopped(tmp_path: Path, base: Base) -> None:
    query = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT count(*) FROM n"
    )
    async with host(tmp_path, base) as where:
        record = await run(where, app_of(f"query: '{query}', timeout: 1s"))
        assert error(record)[0] in ("BG734", "BG803"), record.error
        assert (await run(where, app_of("query: 'SELECT 1'"))).outputs == {"n": 1}


async def test_rows_beyond_the_limit_are_not_fetched(tmp_path: Path, server: str) -> None:
    query = "SELECT i, repeat(''x'', 100) AS t FROM generate_series(1, 3000000) AS i"
    async with host(tmp_path, Base(url=server)) as where:
        await run(where, app_of("query: 'SELECT 1'"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        app = app_of(f"query: '{query}', max_rows: 3", outputs="{n: integer, m: boolean}", end=ALL)
        assert (await run(where, app)).outputs == {"n": 3, "m": True}
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
        assert (await run(where, app_of("query: 'SHOW server_version'"))).outputs == {"n": 1}


async def test_a_database_that_is_away_is_told(tmp_path: Path) -> None:
    for url in ("sqlite:///nowhere.db", "postgresql://x@127.0.0.1:9/x"):
        async with host(tmp_path / url[:6], Base(url=url)) as where:
            assert error(await run(where, app_of("query: 'SELECT 1'")))[0] == "BG802"
    assert not (tmp_path / "sqlite" / "nowhere.db").exists()


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ("query: 'SELECT :a', in: {}", "BG412"),
        ("query: 'SELECT :a::int, ''12:30'', \\:b', in: {a: '${inputs.q}'}", None),
        ("query: 'DELETE FROM x', write: true", "BG420"),
        ("query: queries/none.sql", "BG108"),
    ],
)
def test_queries_are_checked(node: str, code: str | None) -> None:
    text = (
        HEAD + "inputs: {q: {type: string, default: x}}\noutputs: {n: integer}\nrequires: {databases: {db: plant}}\n"
        f"nodes:\n  get: {{type: sql, database: db, {node}}}\n  done: {{type: end, in: {{n: '${{get.count}}'}}}}\n"
    )
    known = replace(RESOURCES, databases={"db": DatabaseInfo(name="plant")})
    found = compile_bundle(Bundle(files={"app.yaml": text.encode()}), known)
    assert [one.code for one in found.diagnostics] == ([code] if code else []), [one.en for one in found.diagnostics]


def test_the_list_of_databases_is_checked(tmp_path: Path) -> None:
    assert listed_databases(tmp_path) == {}
    file = tmp_path / "databases.yaml"
    file.write_text("databases: {a: {url: 'sqlite:///a.db', write: true}}")
    assert listed_databases(tmp_path)["a"].write
    for text in ("databases: {a: {url: 'mysql://x'}}", "databases: {a: {uri: x}}", "databases: [", "- 1"):
        file.write_text(text)
        with pytest.raises(DatabasesInvalid):
            listed_databases(tmp_path)
