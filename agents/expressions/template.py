"""Where expressions stand in values: a whole value `${…}`, parts of a text, or the entries of lists and maps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from .problems import ExpressionSyntaxError

__all__ = [
    "Binding",
    "Expr",
    "ListBinding",
    "Literal",
    "MapBinding",
    "TextOf",
    "bare",
    "expressions",
    "parse_text",
    "parse_value",
]

MAX_NESTING = 64


@dataclass(frozen=True, slots=True)
class Literal:
    """A value without expressions."""

    value: Any


@dataclass(frozen=True, slots=True)
class Expr:
    """One expression; `offset` is the place of its source in the text that it was read from."""

    source: str
    offset: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class TextOf:
    """A text with expressions in it."""

    parts: tuple[str | Expr, ...]


@dataclass(frozen=True, slots=True)
class ListBinding:
    """A list of which at least one item holds an expression."""

    items: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class MapBinding:
    """A map of which at least one value holds an expression; keys are literal."""

    items: Mapping[str, Binding]


Binding: TypeAlias = Literal | Expr | TextOf | ListBinding | MapBinding


def parse_value(value: object) -> Binding:
    """Read a value of the app: `${…}` alone keeps its type, inside a text it is interpolated, `$${` is a literal `${`.

    Raises:
        ExpressionSyntaxError: A `${` is not closed or is empty, or the value is nested deeper than 64.
    """
    return _parse(value, 0)


def _parse(value: object, depth: int) -> Binding:
    if depth > MAX_NESTING:
        raise ExpressionSyntaxError(f"the value is nested deeper than {MAX_NESTING}", 0, "")
    if isinstance(value, str):
        return _parse_string(value)
    if isinstance(value, Mapping):
        entries = {str(key): _parse(one, depth + 1) for key, one in cast("Mapping[Any, Any]", value).items()}
        return Literal(_values(entries)) if _all_literal(entries.values()) else MapBinding(entries)
    if isinstance(value, list | tuple):
        items = tuple(_parse(one, depth + 1) for one in cast("list[Any]", value))
        return Literal([cast("Literal", item).value for item in items]) if _all_literal(items) else ListBinding(items)
    return Literal(value)


def _all_literal(bindings: Iterable[Binding]) -> bool:
    return all(isinstance(binding, Literal) for binding in bindings)


def _values(entries: Mapping[str, Binding]) -> dict[str, Any]:
    return {key: cast("Literal", binding).value for key, binding in entries.items()}


def _parse_string(text: str) -> Binding:
    if "${" not in text:
        return Literal(text)
    parts = parse_text(text)
    if len(parts) == 1:
        return parts[0] if isinstance(parts[0], Expr) else Literal(parts[0])
    return TextOf(parts)


def bare(text: str) -> Expr:
    """Read a place that holds nothing but an expression; it may be written with or without `${…}` around it.

    Raises:
        ExpressionSyntaxError: The text is empty, or mixes an expression with text.
    """
    stripped = text.strip()
    if not stripped:
        raise ExpressionSyntaxError("an expression is missing", 0, text)
    if not stripped.startswith("${"):
        return Expr(stripped, text.index(stripped))
    found = parse_text(stripped)
    if len(found) != 1 or not isinstance(found[0], Expr):
        raise ExpressionSyntaxError("this place takes one expression, not a text with expressions in it", 0, text)
    return found[0]


def parse_text(text: str) -> tuple[str | Expr, ...]:
    """Split a text into literal parts and expressions, both never empty.

    Raises:
        ExpressionSyntaxError: A `${` is not closed or is empty.
    """
    parts: list[str | Expr] = []
    literal = ""
    at = 0
    while (mark := text.find("${", at)) >= 0:
        escaped = mark > at and text[mark - 1] == "$"
        literal += text[at : mark - 1] + "${" if escaped else text[at:mark]
        at = mark + 2
        if escaped:
            continue
        end = _closing(text, at)
        source = text[at:end]
        if not source.strip():
            raise ExpressionSyntaxError("${} is empty; write $${ for a literal ${", mark, text)
        parts.extend((literal, Expr(source.strip(), at + len(source) - len(source.lstrip()))))
        literal, at = "", end + 1
    parts.append(literal + text[at:])
    return tuple(part for part in parts if part != "")


# What can hide a brace: CEL's strings in all their forms, quoted field names and comments; then the braces themselves.
_TOKEN = re.compile(
    r"""
    (?<![A-Za-z0-9_])(?:[rR][bB]?|[bB][rR])(?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')
    | \"\"\"(?:[^\\]|\\[\s\S])*?\"\"\" | '''(?:[^\\]|\\[\s\S])*?'''
    | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'
    | `[^`\n]*`
    | //[^\n]*
    | [{}]
    | (?P<open>["'`])
    """,
    re.VERBOSE,
)


def _closing(text: str, start: int) -> int:
    """Return the place of the brace that closes the `${` before `start`."""
    depth = 1
    for match in _TOKEN.finditer(text, start):
        if match["open"]:
            raise ExpressionSyntaxError(f"a {match[0]} is not closed", match.start(), text)
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.start()
    raise ExpressionSyntaxError("a ${ is not closed with }", start - 2, text)


def expressions(binding: Binding) -> Iterator[tuple[str, Expr, bool]]:
    """Yield each expression as (JSON Pointer into the value, expression, whether it stands inside a text)."""
    match binding:
        case Expr():
            yield "", binding, False
        case TextOf(parts):
            yield from (("", part, True) for part in parts if isinstance(part, Expr))
        case ListBinding(items):
            for at, item in enumerate(items):
                yield from ((f"/{at}{pointer}", found, inside) for pointer, found, inside in expressions(item))
        case MapBinding(entries):
            for key, item in entries.items():
                name = key.replace("~", "~0").replace("/", "~1")
                yield from ((f"/{name}{pointer}", found, inside) for pointer, found, inside in expressions(item))
        case Literal():
            pass
