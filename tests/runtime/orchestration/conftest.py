"""Tests with a `bench` run on a file, and, as slow ones, on a PostgreSQL server too."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.postgres import postgres

from . import bench


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "bench" in vars(metafunc.module) and "backend" in metafunc.fixturenames:
        slow = pytest.param("postgresql", marks=pytest.mark.slow)
        metafunc.parametrize("backend", ["sqlite", slow], indirect=True)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(autouse=True)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where `bench` keeps its data: a file in its folder, or a database of its own for each folder."""
    kind = str(getattr(request, "param", "sqlite"))
    if kind == "postgresql":
        server: str = request.getfixturevalue("server")
        known: dict[Path, str] = {}

        def address(folder: Path) -> str:
            if folder not in known:
                name = f"t{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
                with psycopg.connect(server, autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {name} STRATEGY file_copy".encode())
                known[folder] = f"{server.rpartition('/')[0]}/{name}"
            return known[folder]

        monkeypatch.setattr(bench, "address", address)
    return kind
