"""The expression library: the one place that touches `cel-expr-python`.

Source: the Common Expression Language, https://github.com/google/cel-spec.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple, TypeAlias, cast

from cel_expr_python import cel  # pyright: ignore[reportMissingTypeStubs]
from cel_expr_python.ext import (  # pyright: ignore[reportMissingTypeStubs]
    ext_bindings,
    ext_math,
    ext_optional,
    ext_strings,
)

from .descriptors import Pool

__all__ = [
    "Complaint",
    "Environment",
    "Expression",
    "LibraryError",
    "compile_source",
    "environment",
    "evaluate",
    "load",
    "parse_source",
]

Environment: TypeAlias = cel.Env
Expression: TypeAlias = cel.Expression

_ERROR = re.compile(r"^(?:[A-Z_]+: )?ERROR: <input>:(-?\d+):(-?\d+): (.*?)(?: \[[A-Z_]+\])?$", re.MULTILINE)


class Complaint(NamedTuple):
    """One error: what, and where in the text, in characters from 0."""

    text: str
    offset: int


class LibraryError(Exception):
    """The library refused a text, for at least one reason."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__(complaints[0].text)
        self.complaints = complaints


def environment(pool: Pool | None = None) -> Environment:
    """Return an environment with the extensions of the language: optional values, strings, math and bindings."""
    extensions = [ext_optional.ExtOptional(), ext_strings.ExtStrings(), ext_math.ExtMath(), ext_bindings.ExtBindings()]
    return cel.NewEnv(descriptor_pool=pool.raw if pool else None, extensions=extensions)


@cache
def _parser() -> Environment:
    return environment()


def parse_source(source: str) -> bytes:
    """Return the serialized `cel.expr.ParsedExpr` of a text, in a `google.protobuf.Any`.

    Raises:
        LibraryError: The text is no expression.
    """
    return compile_source(_parser(), source, check=False).serialize()


def load(parsed: bytes) -> Expression:
    """Return the expression of a serialized `cel.expr.ParsedExpr`; its names are looked up when it is evaluated.

    Raises:
        LibraryError: It calls a function that does not exist.
    """
    try:
        return _parser().deserialize(parsed)
    except RuntimeError as error:
        raise LibraryError(_complaints("", str(error))) from error


def compile_source(env: Environment, source: str, *, check: bool = True) -> Expression:
    """Compile a text.

    Raises:
        LibraryError: The text is no expression, or does not fit its environment.
    """
    try:
        return env.compile(source, disable_check=not check)
    except RuntimeError as error:
        raise LibraryError(_complaints(source, str(error))) from error


def evaluate(expression: Expression, data: dict[str, Any], *, guarded: bool) -> object:
    """Return what an expression gives: JSON, but for `datetime`, `timedelta`, bytes and types.

    Args:
        expression: What `load` gave.
        data: The values of its names.
        guarded: Whether the expression may give an optional somewhere inside its result. The library crashes the
            process when it converts one, so the result is then taken apart piece by piece, which is slow.

    Raises:
        LibraryError: It fails, or there is an optional in its result.
    """
    try:
        found = expression.eval(data=data)
        value = _apart(found) if guarded else found.plain_value()
    except (RuntimeError, TypeError) as error:
        raise LibraryError([Complaint(str(error), 0)]) from error
    if found.type() == cel.Type.ERROR:
        raise LibraryError([Complaint(str(value), 0)])
    return value


def _apart(found: cel.Value) -> object:
    value = found.value()
    if isinstance(value, list):
        return [_apart(one) for one in cast("list[cel.Value]", value)]
    if isinstance(value, dict):
        return {key: _apart(one) for key, one in cast("dict[object, cel.Value]", value).items()}
    return value


def _complaints(source: str, report: str) -> list[Complaint]:
    starts = [0, *(match.end() for match in re.finditer("\n", source))]
    found = [
        Complaint(text, starts[min(int(line), len(starts)) - 1] + max(int(column) - 1, 0))
        for line, column, text in _ERROR.findall(report)
        if int(line) > 0
    ]
    return found or [Complaint(report.removeprefix("INVALID_ARGUMENT: ").split("\n")[0], 0)]
