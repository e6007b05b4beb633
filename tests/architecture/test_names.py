from __future__ import annotations

import re
import sys

from .test_imports import absolute_names, imports
from .tree import PACKAGES, ROOT, modules

FORBIDDEN = {"util", "utils", "utilities", "helper", "helpers", "common", "misc", "shared", "stuff"}


def test_no_module_is_a_drawer() -> None:
    drawers = [module.name for module in modules() if FORBIDDEN & {module.path.stem, *module.package}]
    assert drawers == []


def test_no_module_is_named_like_a_package_that_it_uses() -> None:
    """Python's own modules are left to ruff (A005), which knows the few that the language's words repeat."""
    clashes = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in imports(module)
        if ({name.split(".")[0] for name in absolute_names(node)} - sys.stdlib_module_names)
        & {module.path.stem, *module.package[1:]}
    ]
    assert clashes == []


def test_no_module_is_named_like_one_of_the_six_packages() -> None:
    clashes = [module.name for module in modules() if {module.path.stem, *module.package[1:]} & set(PACKAGES)]
    assert clashes == []


def test_module_names_are_small_words() -> None:
    odd = [
        module.name for module in modules() if not re.fullmatch(r"[a-z][a-z0-9_]*|__init__|__main__", module.path.stem)
    ]
    assert odd == []


def test_every_test_folder_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert [str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
