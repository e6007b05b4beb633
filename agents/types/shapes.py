"""The types of the app language as values.

A type is frozen and hashable; two types are equal when they say the same. `str(type)` is the language's own text, so
`parse_type(str(type), names)` gives the type back; records are written by their names. `EnumOf` and `NEVER` have no
text of their own in the language: the first comes from JSON Schema, the second is the type of an empty list's items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

__all__ = [
    "BOOLEAN",
    "DURATION",
    "FILE",
    "FILE_FIELDS",
    "IMAGE",
    "INTEGER",
    "JSON",
    "MAX_DEPTH",
    "MAX_SIZE",
    "NEVER",
    "NUMBER",
    "PRIMITIVES",
    "SECRET",
    "STRING",
    "TIMESTAMP",
    "EnumOf",
    "Extent",
    "ListOf",
    "MapOf",
    "OptionalOf",
    "Primitive",
    "Record",
    "Type",
    "UnionOf",
    "extent",
    "union",
]


MAX_DEPTH = 32
MAX_SIZE = 5000


class Extent(NamedTuple):
    """How deep a type is nested, how many parts it has when written out in full, and whether one is a secret."""

    depth: int
    size: int
    secret: bool


@dataclass(frozen=True, slots=True)
class Type:
    """Base of all types."""


@dataclass(frozen=True, slots=True)
class Primitive(Type):
    """A type without parts."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf(Type):
    """A list of equal items."""

    item: Type

    def __str__(self) -> str:
        return f"list<{self.item}>"


@dataclass(frozen=True, slots=True)
class MapOf(Type):
    """A map with string keys."""

    value: Type

    def __str__(self) -> str:
        return f"map<{self.value}>"


@dataclass(frozen=True, slots=True)
class OptionalOf(Type):
    """A value that may be absent: a missing field of a record, or null elsewhere."""

    inner: Type

    def __str__(self) -> str:
        return f"optional<{self.inner}>"


@dataclass(frozen=True, slots=True)
class UnionOf(Type):
    """A value of one of several types; made by `union`, which flattens and drops repeats."""

    members: tuple[Type, ...]

    def __str__(self) -> str:
        return " | ".join(map(str, self.members))


@dataclass(frozen=True, slots=True)
class EnumOf(Type):
    """A string from a closed set."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return " | ".join(f'"{value}"' for value in self.values)


@dataclass(frozen=True, slots=True)
class Record(Type):
    """Named fields. A field of type `OptionalOf` may be absent. A record without a name prints its fields."""

    name: str
    fields: Mapping[str, Type]
    extent: Extent = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Extent and hash once: records share parts, so a walk at every use could be exponential.
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))
        object.__setattr__(self, "extent", _around(self.fields.values()))
        object.__setattr__(self, "_hash", hash((self.name, frozenset(self.fields.items()))))

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return self.name or "{" + ", ".join(f"{name}: {kind}" for name, kind in self.fields.items()) + "}"

    def required(self) -> list[str]:
        """Return the names of the fields that must be present."""
        return [name for name, kind in self.fields.items() if not isinstance(kind, OptionalOf)]


STRING = Primitive("string")
INTEGER = Primitive("integer")
NUMBER = Primitive("number")
BOOLEAN = Primitive("boolean")
TIMESTAMP = Primitive("timestamp")
DURATION = Primitive("duration")
JSON = Primitive("json")
FILE = Primitive("file")
IMAGE = Primitive("image")
SECRET = Primitive("secret")
NEVER = Primitive("never")
"""The type without values: the items of `[]`. It fits everywhere and cannot be written."""

PRIMITIVES: Mapping[str, Primitive] = MappingProxyType(
    {kind.name: kind for kind in (STRING, INTEGER, NUMBER, BOOLEAN, TIMESTAMP, DURATION, JSON, FILE, IMAGE, SECRET)}
)

FILE_FIELDS: Mapping[str, Type] = MappingProxyType(
    {"id": STRING, "name": STRING, "media_type": STRING, "size": INTEGER}
)
"""What a `file` or `image` is made of; its bytes live in the artifact store under `id`."""


def union(*members: Type) -> Type:
    """Return the union of `members`, flat and without repeats; one member is itself.

    Raises:
        ValueError: There is no member.
    """
    flat: dict[Type, None] = {}
    for member in members:
        flat.update(dict.fromkeys(member.members if isinstance(member, UnionOf) else (member,)))
    if not flat:
        raise ValueError("a union needs a member")
    return next(iter(flat)) if len(flat) == 1 else UnionOf(tuple(flat))


def extent(kind: Type) -> Extent:
    """Return what is known about `kind` as a whole."""
    match kind:
        case Record():
            return kind.extent
        case ListOf(inner) | MapOf(inner) | OptionalOf(inner):
            return _around((inner,))
        case UnionOf(members):
            return _around(members)
        case _:
            return Extent(1, 1, kind == SECRET)


def _around(parts: Iterable[Type]) -> Extent:
    found = [extent(part) for part in parts]
    depth = 1 + max((one.depth for one in found), default=0)
    return Extent(depth, 1 + sum(one.size for one in found), any(one.secret for one in found))
