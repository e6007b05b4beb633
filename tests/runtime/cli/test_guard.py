from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.cli.errors import ForeignPackage
from runtime.cli.guard import guard
from tests.architecture.tree import PACKAGES, ROOT


def version(folder: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    """Run `baigong --version` from `folder`, with `path` as the import path."""
    code = "import sys; from runtime.cli import main; sys.exit(main(['--version']))"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def package(folder: Path, name: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").touch()


def test_packages_of_one_folder_start(tmp_path: Path) -> None:
    done = version(tmp_path, ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("baigong ")


@pytest.mark.parametrize("name", [name for name in PACKAGES if name != "runtime"])
def test_a_hidden_package_is_named(name: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    package(other, name)
    done = version(tmp_path, other, ROOT)
    assert done.returncode == 5
    assert done.stderr.startswith(f"BG912: The package {name!r} comes from {str(other)!r}, but 'runtime' comes from")
    assert done.stdout == ""


def test_a_single_module_hides_a_package_too(tmp_path: Path) -> None:
    (tmp_path / "agents.py").touch()
    done = version(tmp_path, ROOT)
    assert done.returncode == 5
    assert f"'agents' comes from {str(tmp_path)!r}" in done.stderr


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skills", None)  # what Python knows of a module that cannot be imported
    with pytest.raises(ForeignPackage, match="The package 'skills' is missing beside 'runtime'"):
        guard()
