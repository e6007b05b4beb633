"""The lists in pyproject.toml fit the tree and each other."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .test_lazy import HEAVY
from .tree import PACKAGES, ROOT, document, project

CONTRACTS: list[dict[str, Any]] = project()["tool"]["importlinter"]["contracts"]
HOMES = [contract for contract in CONTRACTS if contract["type"] == "forbidden"]
BANNED: list[str] = project()["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-module-level-imports"]


def subpackages() -> set[str]:
    """The packages right under `runtime`."""
    return {f"runtime.{path.parent.name}" for path in (ROOT / "runtime").glob("*/__init__.py")}


def named(entries: list[str]) -> set[str]:
    """The modules that a contract's list names; `*.name` and `(runtime.name)` are forms of `runtime.name`."""
    words = {word for entry in entries for word in re.findall(r"[\w.*]+", entry)}
    return {word.replace("*.", "runtime.") for word in words}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    lines = [line for line in document("constraints.txt").splitlines() if line and not line.startswith("#")]
    return {normal(name): version for name, version in (line.split("==") for line in lines)}


def requirements() -> list[str]:
    table = project()["project"]
    return [*table["dependencies"], *table["optional-dependencies"]["dev"]]


def test_the_same_six_packages_everywhere() -> None:
    tool = project()["tool"]
    assert tuple(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) == PACKAGES
    assert tuple(tool["importlinter"]["root_packages"]) == PACKAGES
    assert tuple(tool["basedpyright"]["strict"]) == PACKAGES


def test_every_package_has_a_layer() -> None:
    layers = next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")
    assert named(layers) >= subpackages() | set(PACKAGES) - {"runtime"}


def test_no_contract_has_an_exception() -> None:
    assert [contract["name"] for contract in CONTRACTS if "ignore_imports" in contract] == []


@pytest.mark.parametrize("contract", HOMES, ids=lambda contract: contract["name"])
def test_a_library_is_forbidden_everywhere_but_in_its_home(contract: dict[str, Any]) -> None:
    homes = set(re.findall(r"[\w.]+", contract["name"].split(" only in ")[1])) - {"and"}
    sources = named(contract["source_modules"])
    everything = set(PACKAGES) - {"runtime"} | ({"runtime"} if "runtime" in sources else subpackages())
    assert everything <= sources | homes
    assert not sources & homes


def test_heavy_libraries_have_homes_and_are_banned_at_module_level() -> None:
    homed = {library for contract in HOMES for library in contract["forbidden_modules"]}
    assert set(BANNED) == set(HEAVY)
    assert homed <= set(BANNED)


def test_every_requirement_is_pinned() -> None:
    missing = [entry for entry in requirements() if normal(re.split(r"[<>=!~\[]", entry)[0]) not in pins()]
    assert missing == []


def test_pins_work_on_every_machine() -> None:
    assert [f"{name}=={version}" for name, version in pins().items() if "+" in version or "@" in version] == []


def test_no_distribution_that_hides_our_packages() -> None:
    assert {"openai-agents", "agents", "tools", "skills", "knowledge", "runtime"} & set(pins()) == set()
