"""Heavy libraries are loaded when they are used, never because a package was imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .tree import PACKAGES, ROOT

HEAVY = (
    "chromadb",
    "dbos", "fastmcp", "langgraph", "llama_cpp", "matplotlib", "sentence_transformers", "streamlit", "torch",
    "transformers",
)  # fmt: skip

HELP = "from runtime.cli import main; assert main(['--help']) == 0"
ALL_AGENTS = """
import importlib, pkgutil, agents
for found in pkgutil.walk_packages(agents.__path__, 'agents.'):
    importlib.import_module(found.name)
"""


def start(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh interpreter, from a folder where only the path of the repository is known."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "code", [*(f"import {package}" for package in PACKAGES), ALL_AGENTS, "import runtime.cli", HELP]
)
def test_heavy_libraries_stay_unloaded(code: str, tmp_path: Path) -> None:
    probe = f"\nimport sys; print('loaded:', sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = start(code + probe, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_an_idle_server_loads_no_heavy_library_but_langgraph(tmp_path: Path) -> None:
    code = """
import asyncio, pathlib, sys
from runtime.base.settings import Settings
from runtime.orchestration.workbench import Workbench
from runtime.server.app import create_app
async def main():
    bench = await Workbench.open(Settings(home=pathlib.Path('home')))
    create_app(bench, owner_key='k')
    await bench.engine.start()
    await bench.close()
asyncio.run(main())
"""
    done = start(code + f"\nprint('loaded:', sorted(set({HEAVY!r}) & set(sys.modules)))", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: ['langgraph']"


def test_the_probe_sees_a_loaded_library(tmp_path: Path) -> None:
    done = start("import sys, matplotlib; print('matplotlib' in sys.modules)", tmp_path)
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.slow
def test_help_is_fast(tmp_path: Path) -> None:
    def seconds() -> float:
        """Processor time: unlike the clock's, it does not depend on what else the machine does."""
        before = os.times()
        assert start(HELP, tmp_path).returncode == 0
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(seconds() for _ in range(5)) <= 0.4


def test_strict_msgpack_is_on(tmp_path: Path) -> None:
    done = start("import os, runtime; print(os.environ['LANGGRAPH_STRICT_MSGPACK'])", tmp_path)
    assert done.stdout.strip() == "true", done.stderr
