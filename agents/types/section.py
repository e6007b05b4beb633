"""The `types` of an app: records that may name each other in any order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ..errors import TypeSyntaxError
from .builtin import BUILTINS
from .grammar import NAME, parse_type
from .schema import from_schema
from .shapes import JSON, MAX_DEPTH, MAX_SIZE, PRIMITIVES, Record, Type, extent

__all__ = ["parse_types"]

RESERVED = frozenset({*PRIMITIVES, *BUILTINS, "list", "map", "optional", "never"})


def parse_types(
    section: Mapping[str, Mapping[str, Any]],
) -> tuple[dict[str, Type], list[tuple[str, TypeSyntaxError]]]:
    """Read all declared types.

    Args:
        section: Name to `{field: type's text}`, or to `{schema: JSON Schema 2020-12}`.

    Returns:
        The built-in and the declared types by name, and what is wrong as (JSON Pointer into `section`, error). A field
        whose type is wrong counts as `json`, so that one mistake is reported once.
    """
    reader = _Section(section)
    for name in section:
        reader.declare(name)
    return {**BUILTINS, **reader.done}, reader.errors


class _Section(Mapping[str, Type]):
    """The declared types, each read when it is first named."""

    def __init__(self, section: Mapping[str, Mapping[str, Any]]) -> None:
        self._section = section
        self._open: list[str] = []
        self.done: dict[str, Type] = {}
        self.errors: list[tuple[str, TypeSyntaxError]] = []

    def declare(self, name: str) -> None:
        """Read a type, unless its name is taken."""
        if name in RESERVED:
            self._report(TypeSyntaxError(f"{name!r} is a name of the language", where=name), name)
            return
        if not NAME.fullmatch(name):
            self._report(TypeSyntaxError(f"{name!r} is no name: letters, digits and _ only", where=name), name)
        self.get(name)

    def _report(self, error: TypeSyntaxError, *path: str) -> None:
        pointer = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
        self.errors.append((pointer, error))

    def __getitem__(self, name: str) -> Type:
        if name in self.done:
            return self.done[name]
        if name in BUILTINS:
            return BUILTINS[name]
        if name not in self._section:
            raise KeyError(name)
        if len(self._open) > MAX_DEPTH:
            raise TypeSyntaxError(f"types are nested deeper than {MAX_DEPTH}", where=name, fix="Use json for a part.")
        if name in self._open:
            circle = " → ".join([*self._open[self._open.index(name) :], name])
            fix = "Break the circle with json, or with the other record's id."
            raise TypeSyntaxError(f"a type cannot contain itself: {circle}", where=name, fix=fix)
        self._open.append(name)
        found = self._fit(name, self._read(name, self._section[name]))
        self._open.pop()
        self.done[name] = found
        return found

    def __iter__(self) -> Iterator[str]:
        return iter({**BUILTINS, **self._section})

    def __len__(self) -> int:
        return len(set(BUILTINS) | set(self._section))

    def _read(self, name: str, body: Mapping[str, Any]) -> Type:
        schema = body.get("schema")
        if isinstance(schema, Mapping):
            return self._schema(name, body, cast("Mapping[str, Any]", schema))
        return Record(name, {field: self._field(name, field, text) for field, text in body.items()})

    def _fit(self, name: str, found: Type) -> Type:
        if extent(found).depth <= MAX_DEPTH and extent(found).size <= MAX_SIZE:
            return found
        problem = f"{name!r} is nested deeper than {MAX_DEPTH} or has more than {MAX_SIZE} parts"
        self._report(TypeSyntaxError(problem, where=name, fix="Use json for a part of it."), name)
        return JSON

    def _schema(self, name: str, body: Mapping[str, Any], schema: Mapping[str, Any]) -> Type:
        for extra in body:
            if extra != "schema":
                self._report(TypeSyntaxError(f"{extra!r} cannot stand beside a JSON Schema", where=name), name, extra)
        return from_schema(schema, name)

    def _field(self, name: str, field: str, text: object) -> Type:
        try:
            if not isinstance(text, str):
                problem = f"the type of {field!r} must be a text"
                raise TypeSyntaxError(problem, where=name, fix="Write for example string.")
            return parse_type(text, self)
        except TypeSyntaxError as error:
            self._report(error, name, field)
            return JSON
