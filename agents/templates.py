"""Prompt and template texts: `${expression}`, `${for x in list} … ${end}`, `${if condition} … ${else} … ${end}`.

The expressions are CEL over the names that the text is given; there is nothing else in the language, so a text cannot
reach anything that was not handed to it. `$${` writes a literal `${`. A block's own line leaves no empty line behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias, cast

from runtime.base.errors import Json

from .expressions import Checker, CheckProblem, Evaluator, Expr, ExpressionSyntaxError, TextOf, parse_text, references
from .types import BOOLEAN, DURATION, INTEGER, JSON, NUMBER, STRING, TIMESTAMP, EnumOf, ListOf, Type

__all__ = ["Template", "TemplateProblem", "parse_template"]

Escape: TypeAlias = Callable[[str], str]

LOOP = re.compile(r"^for\s+([a-z][a-z0-9_]*)\s+in\s+(.+)$", re.DOTALL)
CONDITION = re.compile(r"^if\s+(.+)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """A finding: a diagnostic's code and texts; `name` is set when a name is not among those the text is given."""

    code: str
    names: Mapping[str, object]
    name: str | None = None


@dataclass(slots=True)
class _Block:
    """A sequence of literal texts, expressions and inner blocks."""

    parts: list[str | Expr | _For | _If] = field(default_factory=list["str | Expr | _For | _If"])


@dataclass(slots=True)
class _For:
    name: str
    over: str
    body: _Block = field(default_factory=_Block)


@dataclass(slots=True)
class _If:
    condition: str
    then: _Block = field(default_factory=_Block)
    otherwise: _Block = field(default_factory=_Block)


class Template:
    """A parsed text. Render it with values and their types; one object may be rendered any number of times."""

    def __init__(self, root: _Block, problems: tuple[TemplateProblem, ...]) -> None:
        self._root = root
        self._problems = problems
        self._evaluators: dict[tuple[str, ...], Evaluator] = {}

    def check(self, types: Mapping[str, Type]) -> list[TemplateProblem]:
        """Return what is wrong with the text when it is given names of these types."""
        return [*self._problems, *_check(self._root, dict(types))]

    def render(self, values: Mapping[str, Json], types: Mapping[str, Any], *, escape: Escape | None = None) -> str:
        """Fill the text.

        Args:
            values: The names it may read. Names of `types` that are missing count as absent.
            types: Types of the names, as they were checked.
            escape: Makes an inserted value safe for its place, such as `html.escape`.

        Raises:
            ExpressionError: An expression failed on these values.
        """
        kinds = {name: kind if isinstance(kind, Type) else JSON for name, kind in types.items()}
        return "".join(self._fill(self._root, dict(values), kinds, escape=escape))

    def _fill(
        self, block: _Block, values: dict[str, Json], kinds: dict[str, Type], *, escape: Escape | None
    ) -> Iterator[str]:
        for part in block.parts:
            if isinstance(part, str):
                yield part
            elif isinstance(part, Expr):
                text = str(self._evaluator(kinds).render(TextOf((part,)), values))
                yield escape(text) if escape else text
            elif isinstance(part, _If):
                chosen = (
                    part.then if self._evaluator(kinds).evaluate(part.condition, values) is True else part.otherwise
                )
                yield from self._fill(chosen, values, kinds, escape=escape)
            else:
                items = self._evaluator(kinds).evaluate(part.over, values)
                inner = {**kinds, part.name: JSON}
                for item in items if isinstance(items, list) else []:
                    yield from self._fill(part.body, {**values, part.name: item}, inner, escape=escape)

    def _evaluator(self, kinds: Mapping[str, Type]) -> Evaluator:
        key = tuple(kinds)
        if key not in self._evaluators:
            self._evaluators[key] = Evaluator(kinds)
        return self._evaluators[key]


@lru_cache(maxsize=512)
def parse_template(text: str) -> Template:
    """Parse a text; what is wrong with its blocks is told by `Template.check`."""
    try:
        parts = parse_text(_trimmed(text))
    except ExpressionSyntaxError as error:
        return Template(_Block([text]), (_syntax(text, str(error)),))
    root = _Block()
    problems: list[TemplateProblem] = []
    stack: list[tuple[_Block, _For | _If | None]] = [(root, None)]
    for part in parts:
        _place(part, stack, problems)
    for _, owner in stack[1:]:
        problems.append(_syntax(_opening(owner), "it has no ${end}"))
    return Template(root, tuple(problems))


def _place(part: str | Expr, stack: list[tuple[_Block, _For | _If | None]], problems: list[TemplateProblem]) -> None:
    block, owner = stack[-1]
    source = part.source.strip() if isinstance(part, Expr) else ""
    if isinstance(part, str):
        block.parts.append(part)
    elif source == "end":
        if owner is None:
            problems.append(_syntax("${end}", "no block is open"))
        else:
            stack.pop()
    elif source == "else":
        if isinstance(owner, _If) and block is owner.then:
            stack[-1] = (owner.otherwise, owner)
        else:
            problems.append(_syntax("${else}", "no ${if …} is open"))
    elif match := LOOP.match(source):
        loop = _For(match[1], match[2].strip())
        block.parts.append(loop)
        stack.append((loop.body, loop))
    elif match := CONDITION.match(source):
        condition = _If(match[1].strip())
        block.parts.append(condition)
        stack.append((condition.then, condition))
    else:
        block.parts.append(part)


def _check(block: _Block, types: dict[str, Type]) -> Iterator[TemplateProblem]:
    checker = Checker(types)
    for part in block.parts:
        if isinstance(part, Expr):
            kind = yield from _typed(checker, part.source)
            if kind is not None and not _insertable(kind):
                yield TemplateProblem("BG305", {"expression": part.source, "found": str(kind)})
        elif isinstance(part, _If):
            kind = yield from _typed(checker, part.condition)
            if kind not in (None, BOOLEAN, JSON):
                names = {"port": f"if {part.condition}", "expected": "boolean", "found": str(kind)}
                yield TemplateProblem("BG303", names)
            yield from _check(part.then, types)
            yield from _check(part.otherwise, types)
        elif isinstance(part, _For):
            kind = yield from _typed(checker, part.over)
            if kind is not None and kind != JSON and not isinstance(kind, ListOf):
                names = {"port": f"for {part.name} in", "expected": "a list", "found": str(kind)}
                yield TemplateProblem("BG303", names)
            item = kind.item if isinstance(kind, ListOf) else JSON
            yield from _check(part.body, {**types, part.name: item})


def _typed(checker: Checker, source: str) -> Generator[TemplateProblem, None, Type | None]:
    try:
        return checker.check(source).type
    except CheckProblem as problem:
        yield from_problem(source, problem)
        return None


def from_problem(source: str, problem: CheckProblem) -> TemplateProblem:
    """Turn the checker's problem into a diagnostic's code and texts."""
    unknown = problem.kind == "unknown_name" and problem.name in {one.root for one in references(source)}
    name = problem.name if unknown else None
    code = "BG312" if unknown else {"syntax": "BG301", "cost": "BG306", "mixed": "BG307"}.get(problem.kind, "BG302")
    return TemplateProblem(code, {"expression": source, "problem": problem.message, "name": problem.name}, name)


def _insertable(kind: Type) -> bool:
    scalars = (JSON, STRING, INTEGER, NUMBER, BOOLEAN, TIMESTAMP, DURATION)
    return kind in scalars or isinstance(kind, EnumOf)


def _syntax(expression: str, problem: str) -> TemplateProblem:
    return TemplateProblem("BG301", {"expression": expression, "problem": problem})


def _opening(owner: _For | _If | None) -> str:
    if isinstance(owner, _For):
        return f"${{for {owner.name} in {owner.over}}}"
    return f"${{if {cast('_If', owner).condition}}}"


def _trimmed(text: str) -> str:
    """Take the line break after a block's tag that stands alone on its line."""
    return re.sub(r"(?m)^[ \t]*(\$\{(?:for\s[^\n]*?|if\s[^\n]*?|else|end)\})[ \t]*\n", r"\1", text)
