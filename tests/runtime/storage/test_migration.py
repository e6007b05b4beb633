from __future__ import annotations

import contextlib
import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from runtime.storage import migration
from runtime.storage.errors import DatabaseCorrupt, DatabaseNewer, StorageError
from runtime.storage.migration import HEAD
from runtime.storage.sqlite import SqliteFile
from runtime.storage.tables import METADATA


def migrate(path: Path) -> None:
    SqliteFile(path).migrate()


def schema(path: Path) -> dict[str, str]:
    """Every statement that made the file's tables and indexes, without its white space."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(sql.split()) for name, sql in rows if name != "alembic_version"}


def execute(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


def test_migrations_lead_to_the_declared_tables(tmp_path: Path) -> None:
    migrated, declared = tmp_path / "migrated.db", tmp_path / "declared.db"
    migrate(migrated)
    engine = create_engine(f"sqlite:///{declared}")
    METADATA.create_all(engine)
    engine.dispose()
    assert schema(migrated) == schema(declared)
    assert len(schema(migrated)) > len(METADATA.tables)


def test_autogeneration_finds_nothing_to_do(tmp_path: Path) -> None:
    migrate(tmp_path / "t.db")
    engine = create_engine(f"sqlite:///{tmp_path / 't.db'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_the_head_is_that_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migration.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_every_table_of_a_workspace_says_so() -> None:
    assert {table.name for table in METADATA.sorted_tables if "workspace" not in table.columns} == {
        "checkpoints",
        "checkpoint_writes",
        "leases",
        "workers",
    }


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT id FROM runs WHERE status IN ('accepted', 'running')", "runs_status"),
        ("SELECT * FROM runs WHERE workspace = 'main' ORDER BY created DESC LIMIT 50", "runs_created"),
        (
            "SELECT * FROM runs WHERE workspace = 'main' AND status = 'ended' ORDER BY created DESC LIMIT 50",
            "runs_created",
        ),
        ("SELECT id FROM runs WHERE session = 's'", "runs_session"),
    ],
)
def test_runs_are_found_by_an_index(tmp_path: Path, query: str, index: str) -> None:
    migrate(tmp_path / "t.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "t.db")) as connection:
        plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert len(plan) == 1
    assert index in plan[0]


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    migrate(tmp_path / "t.db")
    execute(tmp_path / "t.db", "INSERT INTO idempotency VALUES ('main', 'k', 'h', 'run_1', 1)")
    before = (tmp_path / "t.db").read_bytes()
    migrate(tmp_path / "t.db")
    assert (tmp_path / "t.db").read_bytes() == before


def test_a_new_file_is_for_its_user_only(tmp_path: Path) -> None:
    migrate(tmp_path / "t.db")
    assert stat.S_IMODE((tmp_path / "t.db").stat().st_mode) == 0o600


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    migrate(tmp_path / "t.db")
    execute(tmp_path / "t.db", "UPDATE alembic_version SET version_num = '9999'")
    before = (tmp_path / "t.db").read_bytes()
    with pytest.raises(DatabaseNewer, match="'9999'") as caught:
        migrate(tmp_path / "t.db")
    assert caught.value.code == "BG923"
    assert (tmp_path / "t.db").read_bytes() == before


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    execute(tmp_path / "t.db", "CREATE TABLE events (x)")
    with pytest.raises(DatabaseCorrupt, match="another program"):
        migrate(tmp_path / "t.db")
    assert schema(tmp_path / "t.db") == {"events": "CREATE TABLE events (x)"}


@pytest.mark.parametrize("damage", [(0, b"not a database file"), (100, b"\xff" * 400)])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: tuple[int, bytes]) -> None:
    path = tmp_path / "t.db"
    migrate(path)
    with path.open("r+b") as file:
        file.seek(damage[0])
        file.write(damage[1])
    with pytest.raises(DatabaseCorrupt) as caught:
        migrate(path)
    assert (caught.value.code, caught.value.where) == ("BG922", str(path))


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """The version table without a row is what an interrupted start of other tools leaves; a clash then stops us."""
    path = tmp_path / "t.db"
    execute(path, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    execute(path, "CREATE TABLE apps (x)")
    before = schema(path)
    with pytest.raises(StorageError, match="already exists"):
        migrate(path)
    assert schema(path) == before


def test_a_folder_in_the_files_place_is_explained(tmp_path: Path) -> None:
    (tmp_path / "t.db").mkdir()
    with pytest.raises(StorageError) as caught:
        migrate(tmp_path / "t.db")
    assert caught.value.code == "BG920"
