"""Evaluating expressions on plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from runtime.base.errors import Json

from ..errors import ExpressionError
from ..types import OptionalOf, Record, Type
from .checking import Checker
from .inference import field_of
from .library import LibraryError, evaluate
from .parser import simple_path
from .plans import Choice, Each, Fixed, Let, Path, Plan, Reads, Series, Table, Task, plan
from .problems import CheckProblem
from .results import Lower, Native, lowering, number_text, plain, settle
from .template import Binding, Expr, ListBinding, Literal, MapBinding, TextOf
from .wording import reword_evaluation

__all__ = ["Evaluator"]

MAX_ROUNDS = 100_000
"""How many items all loops of one evaluation may go through."""


class Evaluator:
    """Evaluates expressions that were checked.

    Args:
        roots: The names that they may read, with their types. Of these, a record that has no value counts as empty
            and an optional one as null.
    """

    def __init__(self, roots: Mapping[str, Type]) -> None:
        self._roots = roots
        self._plans: dict[str, Plan] = {}
        self._lowers: dict[tuple[str, ...], Lower | None] = {}

    def evaluate(self, source: str, values: Mapping[str, Json]) -> Json:
        """Return what an expression gives; a plain read gives the value itself, not a copy.

        Args:
            source: The expression.
            values: JSON by root, in the form that `coerce` gives.

        Raises:
            ExpressionError: It fails on these values, or its result is no JSON, not finite, too deep or too long.
        """
        try:
            path = simple_path(source)
            if path is not None:
                return _follow(path, values[path[0]] if path[0] in values else self.absent(path[0]))
            return plain(_Run(self, values).run(self._plan(source), {}))
        except (CheckProblem, ValueError) as error:
            raise _failed(source, str(error)) from error
        except LibraryError as error:
            raise _failed(source, reword_evaluation(str(error))) from error

    def _plan(self, source: str) -> Plan:
        known = self._plans.get(source)
        if known is None:
            try:
                # Literals are widened here too: not every text that is evaluated comes back from the checker.
                text = Checker(self._roots).check(source).source
            except CheckProblem:
                text = source
            known = self._plans[source] = plan(text)
        return known

    def absent(self, root: str) -> Json:
        """Return what a root without a value counts as.

        Raises:
            ValueError: It cannot be absent, or there is no such root.
        """
        kind = self._roots.get(root)
        if isinstance(kind, OptionalOf):
            return None
        if isinstance(kind, Record):
            return {}
        raise _Failure(f"there is no {root!r}")

    def lower(self, path: tuple[str, ...]) -> Lower | None:
        """Return how the value at a path is prepared for the library."""
        if path not in self._lowers:
            kind = self._roots.get(path[0])
            for name in path[1:]:
                kind = None if kind is None else field_of(kind, name)
            self._lowers[path] = None if kind is None else lowering(kind)
        return self._lowers[path]

    def render(self, binding: Binding, values: Mapping[str, Json]) -> Json:
        """Return what a binding gives, with texts filled in.

        In a text, a string stands as it is, an integer and a number in their shortest form (7.0 as `7`), a boolean as
        `true` or `false`, a timestamp in RFC 3339 and a duration as its text.

        Raises:
            ExpressionError: An expression fails, or one inside a text gives null, a list or a record.
        """
        match binding:
            case Literal(value):
                return cast("Json", value)
            case Expr(source):
                return self.evaluate(source, values)
            case TextOf(parts):
                return "".join(part if isinstance(part, str) else self._text(part.source, values) for part in parts)
            case ListBinding(items):
                return [self.render(item, values) for item in items]
            case MapBinding(items):
                return {key: self.render(item, values) for key, item in items.items()}

    def _text(self, source: str, values: Mapping[str, Json]) -> str:
        match self.evaluate(source, values):
            case str() as value:
                return value
            case bool() as value:
                return str(value).lower()
            case int() as value:
                return str(value)
            case float() as value:
                return number_text(value)
            case None:
                raise _failed(source, "it is null, and a text needs a value; append .orValue('') to a .? read")
            case _:
                raise _failed(source, "a list or record cannot stand in a text; use a template")


class _Failure(ValueError):
    """An evaluation went wrong, in the words of the language."""


_Names: TypeAlias = dict[str, Native]
"""What loops and bindings gave a name to."""


class _Run:
    """One evaluation. Values are JSON, but for timestamps and durations, which are the library's own."""

    def __init__(self, evaluator: Evaluator, values: Mapping[str, Json]) -> None:
        self._evaluator = evaluator
        self._values = values
        self._rounds = 0

    def run(self, what: Plan, names: _Names) -> Native:
        """Return what a plan gives."""
        match what:
            case Task():
                return self._task(what, names)
            case Path(path):
                return self._path(path, names)
            case Fixed(value):
                return value
            case Choice():
                return self.run(what.then if self._holds(what.condition, names) else what.other, names)
            case Series(items):
                return [self.run(item, names) for item in items]
            case Table(entries):
                return {key: self.run(value, names) for key, value in entries}
            case Each():
                return self._each(what, names)
            case Let(name, value, result):
                return self.run(result, {**names, name: self.run(value, names)})

    def _path(self, path: tuple[str, ...], names: _Names) -> Native:
        if path[0] in names:
            return _follow(path, names[path[0]])
        value = _follow(path, self._values[path[0]] if path[0] in self._values else self._evaluator.absent(path[0]))
        lower = self._evaluator.lower(path)
        return value if lower is None else lower(value)

    def _holds(self, condition: Plan, names: _Names) -> bool:
        found = self.run(condition, names)
        if not isinstance(found, bool):
            raise _Failure("a condition is neither true nor false")
        return found

    def _each(self, what: Each, names: _Names) -> list[Any]:
        over = self.run(what.over, names)
        if not isinstance(over, list | dict):
            raise _Failure("it goes through something that has no items")
        items = sorted(cast("dict[str, Any]", over)) if isinstance(over, dict) else cast("list[Any]", over)
        self._rounds += len(items)
        if self._rounds > MAX_ROUNDS:
            raise _Failure(f"it goes through more than {MAX_ROUNDS:,} items")
        done: list[Any] = []
        inner = dict(names)
        for inner[what.name] in items:
            if what.condition is None or self._holds(what.condition, inner):
                done.append(self.run(what.item, inner))
        return done

    def _task(self, task: Task, names: _Names) -> Native:
        data: dict[str, Any] = {}
        failed: dict[str, ValueError] = {}
        for name, before in task.before.items():
            try:
                data[name] = self.run(before, names)
            except ValueError as error:
                # It counts only when the library comes to need it; the branch may not be taken.
                failed[name] = error
        for name, wanted in task.reads.items():
            if name in names:
                data[name] = _part(names[name], wanted, None)
            elif name in self._values:
                data[name] = _part(self._values[name], wanted, self._evaluator)
            else:
                data[name] = self._evaluator.absent(name)
        try:
            return settle(evaluate(task.expression, data, guarded=task.guarded))
        except LibraryError as error:
            raise _cause(str(error), failed) from error


def _part(value: Native, wanted: Reads, evaluator: Evaluator | None) -> Native:
    """Return as much of a value as is read of it, prepared for the library unless it is already."""
    if isinstance(wanted, dict):
        if not isinstance(value, dict):
            return value
        found = cast("dict[str, Any]", value)
        return {key: _part(found[key], inner, evaluator) for key, inner in wanted.items() if key in found}
    lower = evaluator.lower(wanted) if evaluator else None
    return value if lower is None else lower(value)


def _cause(text: str, failed: Mapping[str, ValueError]) -> ValueError:
    """Return why the library failed: the failure of a part that it needed, or its own."""
    needed = next((error for name, error in failed.items() if f'"{name}"' in text), None)
    return needed or _Failure(reword_evaluation(text))


def _follow(names: tuple[str, ...] | list[str], value: Native) -> Native:
    for at, name in enumerate(names[1:], 1):
        if not isinstance(value, dict):
            raise _Failure(f"{'.'.join(names[:at])!r} has no fields")
        found = cast("dict[str, Any]", value)
        if name not in found:
            raise _Failure(f"{'.'.join(names[:at])!r} has no {name!r}")
        value = found[name]
    return value


def _failed(source: str, reason: str) -> ExpressionError:
    shown = source if len(source) <= 80 else source[:79] + "…"
    return ExpressionError(f"the expression {shown!r} failed: {reason}", details={"expression": source})
