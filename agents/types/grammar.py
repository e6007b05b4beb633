"""The text of a type: `name`, `list<T>`, `map<T>`, `optional<T>`, `A | B`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from ..diagnostics import nearest
from ..errors import TypeSyntaxError
from .shapes import MAX_DEPTH, PRIMITIVES, ListOf, MapOf, OptionalOf, Type, union

__all__ = ["MAX_LENGTH", "NAME", "parse_type"]

MAX_LENGTH = 1000
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

_TOKEN = re.compile(r"\s*(?:([A-Za-z][A-Za-z0-9_]*)|([<>|])|(\S))")
_GENERICS: dict[str, Callable[[Type], Type]] = {"list": ListOf, "map": MapOf, "optional": OptionalOf}


def parse_type(text: str, names: Mapping[str, Type]) -> Type:
    """Read a type.

    Args:
        text: For example `list<Reading | string>`.
        names: The records that may be named; the primitive types need not be in it.

    Raises:
        TypeSyntaxError: The text is malformed, too long or too deep, or names an unknown type.
    """
    known = PRIMITIVES.get(text)
    return known if known is not None else _Reader(text, names).read()


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[str, ...]:
    if len(text) > MAX_LENGTH:
        raise TypeSyntaxError(f"a type's text has at most {MAX_LENGTH} characters", where=text[:40] + "…")
    found = [match for match in _TOKEN.finditer(text) if match.lastindex]
    strange = next((match[3] for match in found if match[3]), None)
    if strange:
        raise TypeSyntaxError(f"{strange!r} has no meaning in a type", where=text, fix=_form(text))
    return tuple(match[1] or match[2] for match in found)


def _form(text: str) -> str:
    brackets = re.fullmatch(r"\s*(\w+)\s*\[\s*\]\s*", text)
    return f"Write list<{brackets[1]}>." if brackets else "Write for example string, list<number> or optional<string>."


class _Reader:
    """Recursive descent over the tokens: union := term ('|' term)*; term := NAME | GENERIC '<' union '>'."""

    def __init__(self, text: str, names: Mapping[str, Type]) -> None:
        self._text = text
        self._names = names
        self._tokens = _tokens(text)
        self._at = 0

    def read(self) -> Type:
        found = self._union(0)
        if self._at < len(self._tokens):
            raise self._wrong(f"{self._tokens[self._at]!r} is left over")
        return found

    def _union(self, depth: int) -> Type:
        if depth > MAX_DEPTH:
            raise self._wrong(f"the type is nested deeper than {MAX_DEPTH}")
        members = [self._term(depth)]
        while self._peek() == "|":
            self._at += 1
            members.append(self._term(depth))
        return union(*members)

    def _term(self, depth: int) -> Type:
        name = self._peek()
        if name is None or name in "<>|":
            raise self._wrong(f"a type is missing before {name!r}" if name else "a type is missing at the end")
        self._at += 1
        if name in _GENERICS:
            return self._generic(name, depth)
        if self._peek() == "<":
            raise self._wrong(f"{name!r} takes no <…>; list, map and optional do")
        return self._named(name)

    def _generic(self, name: str, depth: int) -> Type:
        self._expect("<", f"{name!r} needs the type of its content, as {name}<string>")
        inner = self._union(depth + 1)
        self._expect(">", f"'>' is missing after {name}<{inner}")
        if name == "optional" and isinstance(inner, OptionalOf):
            return inner
        return _GENERICS[name](inner)

    def _named(self, name: str) -> Type:
        if name in PRIMITIVES:
            return PRIMITIVES[name]
        found = self._names.get(name)
        if found is not None:
            return found
        near = nearest(name, [*PRIMITIVES, *_GENERICS, *self._names])
        near = f"{near}<string>" if near in _GENERICS else near
        raise self._wrong(
            f"there is no type {name!r}", f"Did you mean {near!r}?" if near else "Declare it under types."
        )

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _expect(self, token: str, problem: str) -> None:
        if self._peek() != token:
            raise self._wrong(problem)
        self._at += 1

    def _wrong(self, problem: str, fix: str | None = None) -> TypeSyntaxError:
        return TypeSyntaxError(problem, where=self._text, fix=fix)
