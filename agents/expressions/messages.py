"""Types as protobuf messages, so that the library's own checker can type every field.

Each record type becomes one message. A root is not declared as a variable, because a library environment costs two
milliseconds and is fixed once made. Instead each root's name is replaced in the text that is checked by a message of
its type: `look.passages` is checked as `_bg.M7{}.passages`. Such a text is only checked and never evaluated, and one
environment serves all apps, since the library looks messages up when it meets them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping

from ..types import (
    BOOLEAN,
    DURATION,
    FILE,
    FILE_FIELDS,
    IMAGE,
    INTEGER,
    NUMBER,
    STRING,
    TIMESTAMP,
    EnumOf,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Type,
)
from .descriptors import Field, Pool, entry_name
from .library import Expression, compile_source, environment
from .parser import OURS

__all__ = ["Messages", "current"]

MAX_TYPES = 4096
MAX_FIELDS = 1000
_VALUE, _LIST, _STRUCT = ".google.protobuf.Value", ".google.protobuf.ListValue", ".google.protobuf.Struct"
_SINGLE: Mapping[Type, str] = {
    STRING: "string",
    INTEGER: "int64",
    NUMBER: "double",
    BOOLEAN: "bool",
    TIMESTAMP: ".google.protobuf.Timestamp",
    DURATION: ".google.protobuf.Duration",
}
_NULLABLE: Mapping[str, str] = {
    "string": ".google.protobuf.StringValue",
    "int64": ".google.protobuf.Int64Value",
    "double": ".google.protobuf.DoubleValue",
    "bool": ".google.protobuf.BoolValue",
}
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class Messages:
    """The messages of the types that were met so far, and the environment that checks with them."""

    def __init__(self) -> None:
        self._pool = Pool()
        self._env = environment(self._pool)
        self._lock = threading.Lock()
        self._texts: dict[Type, str] = {}
        self._names: dict[Type, str] = {}
        self._types: dict[str, Type] = {}
        self._wraps: dict[str, Type] = {}
        self._vague: dict[Type, bool] = {}

    @property
    def full(self) -> bool:
        """Whether it is time for another set: messages are never dropped from one."""
        return len(self._types) + len(self._wraps) > MAX_TYPES

    def text(self, kind: Type) -> str:
        """Return an expression that the library takes to have the type `kind`."""
        known = self._texts.get(kind)
        if known is None:
            with self._lock:
                known = self._texts[kind] = self._expression(kind)
        return known

    def type_of(self, message: str) -> Type | None:
        """Return the type behind a message's full name."""
        return self._types.get(message)

    def vague(self, kind: Type) -> bool:
        """Whether the library sees less of `kind` than there is: values of an enum, items that may be null."""
        known = self._vague.get(kind)
        if known is None:
            known = self._vague[kind] = isinstance(kind, EnumOf | OptionalOf) or any(map(self.vague, _inside(kind)))
        return known

    def wrapped(self, message: str) -> Type | None:
        """Return the type of the only field of a message that stands for a type without fields."""
        return self._wraps.get(message)

    def check(self, text: str) -> Expression:
        """Type-check a text.

        Raises:
            LibraryError: It does not fit.
        """
        return compile_source(self._env, text)

    def _expression(self, kind: Type) -> str:
        name = self._message(kind)
        if name is not None:
            return f"{name}{{}}"
        field, needs = self._wrap(kind), self._needs(kind)
        name = self._next()
        self._pool.add(OURS, {name: [field]}, needs)
        self._wraps[f"{OURS}.{name}"] = kind
        return f"{OURS}.{name}{{}}.v"

    def _next(self) -> str:
        return f"M{len(self._types) + len(self._wraps)}"

    def _message(self, kind: Type) -> str | None:
        """Return the full name of the message of a type with fields, which is made at the first call."""
        fields = _fields(kind)
        if fields is None:
            return None
        if kind not in self._names:
            made = [self._field(name, at, one) for at, (name, one) in enumerate(fields.items(), 1)]
            needs = {need: None for one in fields.values() for need in self._needs(one)}
            name = self._next()
            self._pool.add(OURS, {name: made}, needs)
            self._names[kind] = f"{OURS}.{name}"
            self._types[f"{OURS}.{name}"] = kind
        return self._names[kind]

    def _needs(self, kind: Type) -> list[str]:
        """Return the first names of the messages that a field of type `kind` mentions."""
        inner = _present(kind)
        if isinstance(inner, ListOf | MapOf):
            inner = _present(inner.item if isinstance(inner, ListOf) else inner.value)
        name = self._message(inner)
        return [] if name is None else [name.removeprefix(f"{OURS}.")]

    def _field(self, name: str, number: int, kind: Type) -> Field:
        match _present(kind):
            case ListOf(item):
                return Field(name, number, self._element(item), repeated=True)
            case MapOf(value):
                return Field(name, number, self._element(value), mapped=True)
            case inner:
                return Field(name, number, self._single(inner))

    def _wrap(self, kind: Type) -> Field:
        inner = _present(kind)
        nullable = isinstance(kind, OptionalOf) and not isinstance(inner, ListOf | MapOf)
        return Field("v", 1, self._element(kind)) if nullable else self._field("v", 1, kind)

    def _element(self, kind: Type) -> str:
        single = self._single(_present(kind))
        return _NULLABLE.get(single, single) if isinstance(kind, OptionalOf) else single

    def _single(self, kind: Type) -> str:
        if kind in _SINGLE:
            return _SINGLE[kind]
        name = self._message(kind)
        if name is not None:
            return f".{name}"
        match kind:
            case EnumOf():
                return "string"
            case ListOf():
                return _LIST
            case MapOf() | Record():
                return _STRUCT
            case _:
                return _VALUE


def _present(kind: Type) -> Type:
    return kind.inner if isinstance(kind, OptionalOf) else kind


def _inside(kind: Type) -> list[Type]:
    match kind:
        case ListOf(inner) | MapOf(inner):
            return [inner]
        case Record(fields=fields):
            return [_present(one) for one in fields.values()]
        case _:
            return []


def _fields(kind: Type) -> Mapping[str, Type] | None:
    """Return a type's fields when protobuf can name them all; a record with other names is checked as a map."""
    if kind in (FILE, IMAGE):
        return FILE_FIELDS
    if not isinstance(kind, Record) or len(kind.fields) > MAX_FIELDS:
        return None
    entries = [entry_name(name) for name, one in kind.fields.items() if isinstance(_present(one), MapOf)]
    clash = len({*entries, *kind.fields}) < len(entries) + len(kind.fields)
    return None if clash or not all(map(_FIELD_NAME.fullmatch, kind.fields)) else kind.fields


_shared: list[Messages] = []


def current() -> Messages:
    """Return the shared set of messages."""
    if not _shared or _shared[-1].full:
        _shared[:] = [Messages()]
    return _shared[-1]
