"""The source tree as the architecture tests see it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("agents", "tools", "skills", "knowledge", "builder_ui", "runtime")


@dataclass(frozen=True, slots=True)
class Module:
    """One source file."""

    path: Path
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        """The path from the root, as people write it."""
        return str(self.path.relative_to(ROOT))

    @property
    def package(self) -> tuple[str, ...]:
        """The names of the packages that hold the module, the top-level one first."""
        return self.path.relative_to(ROOT).parts[:-1]


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the six packages."""
    return tuple(_parse(path) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if _ours(path))


def _ours(path: Path) -> bool:
    return "node_modules" not in path.parts


def _parse(path: Path) -> Module:
    text = path.read_text("utf-8")
    return Module(path, ast.parse(text, str(path)), len(text.splitlines()))


@cache
def project() -> dict[str, Any]:
    """The content of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def document(name: str) -> str:
    """The text of a page, by its path from the root."""
    return (ROOT / name).read_text("utf-8")


@cache
def imported() -> tuple[ModuleType, ...]:
    """Every module of the six packages, imported."""
    return tuple(importlib.import_module(name) for package in PACKAGES for name in _names(package))


def _names(package: str) -> Iterator[str]:
    yield package
    for found in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
        if not found.name.endswith(".__main__"):
            yield found.name
