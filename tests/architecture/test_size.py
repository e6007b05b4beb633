from __future__ import annotations

import ast
from collections.abc import Iterator

from .tree import modules

MAX_LINES = 400
MAX_STATEMENTS = 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def own_statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements below `node`, without those of functions inside it and without docstrings."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt) and not _is_text(child):
            yield child
        if not isinstance(child, Function | ast.ClassDef):
            yield from own_statements(child)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_modules_are_short() -> None:
    assert [f"{module.name}: {module.lines}" for module in modules() if module.lines > MAX_LINES] == []


def test_functions_are_short() -> None:
    long = [
        f"{module.name}:{node.lineno} {node.name}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, Function) and sum(1 for _ in own_statements(node)) > MAX_STATEMENTS
    ]
    assert long == []


def test_statements_are_counted_once_and_without_inner_functions() -> None:
    source = 'def f():\n    """Text."""\n    if a:\n        b()\n    def g():\n        c()\n        d()\n    return g\n'
    function = ast.parse(source).body[0]
    assert [type(statement).__name__ for statement in own_statements(function)] == [
        "If",
        "Expr",
        "FunctionDef",
        "Return",
    ]
