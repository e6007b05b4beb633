"""Fixtures for every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from runtime.base.settings import Settings

hypothesis_settings.register_profile("local", deadline=None)
hypothesis_settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis_settings.load_profile("ci" if os.environ.get("CI") else "local")

TEST_DATA = "BAIGONG_TEST_DATA"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's own settings and locale."""
    for name in [name for name in os.environ if name.startswith("BAIGONG_") and name != TEST_DATA]:
        monkeypatch.delenv(name)
    for name in ("LC_ALL", "LC_MESSAGES", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a fresh home folder and no network."""
    return Settings(home=tmp_path / "home", offline=True)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of public data sets; a test that asks for it is skipped where there is none."""
    folder = os.environ.get(TEST_DATA)
    if not folder:
        pytest.skip(f"{TEST_DATA} is not set")
    return Path(folder)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"
