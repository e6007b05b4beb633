from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from .tree import PACKAGES, Module, modules


def imports(module: Module) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def absolute_names(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if node.level == 0 else []


def test_imports_inside_a_package_are_relative() -> None:
    absolute = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in imports(module)
        if any(name.split(".")[0] == module.package[0] for name in absolute_names(node))
    ]
    assert absolute == []


def test_relative_imports_stay_inside_their_package() -> None:
    climbing = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in imports(module)
        if isinstance(node, ast.ImportFrom) and node.level > len(module.package)
    ]
    assert climbing == []


def test_no_star_imports() -> None:
    stars = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in imports(module)
        if any(alias.name == "*" for alias in node.names)
    ]
    assert stars == []


def test_nothing_imports_the_tests() -> None:
    users = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in imports(module)
        if any(name.split(".")[0] == "tests" for name in absolute_names(node))
    ]
    assert users == []


def test_package_initialisers_are_lean() -> None:
    heavy = [
        module.name
        for module in modules()
        if module.path.name == "__init__.py" and module.path.parent.name in PACKAGES and module.lines > 20
    ]
    assert heavy == []


def test_the_six_packages_hide_no_module_of_python() -> None:
    assert set(PACKAGES) & set(sys.stdlib_module_names) == set()
