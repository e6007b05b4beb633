"""Protobuf message types made at run time; the one place that touches protobuf.

protobuf ships no types, so its objects have the type `Proto`, which says nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["DecodeError", "Field", "Pool", "Proto", "entry_name", "well_known"]

Proto: TypeAlias = Any
"""A message, or a class of messages."""

_descriptors: Proto = importlib.import_module("google.protobuf.descriptor_pb2")
_pools: Proto = importlib.import_module("google.protobuf.descriptor_pool")
_factory: Proto = importlib.import_module("google.protobuf.message_factory")
DecodeError: type[Exception] = importlib.import_module("google.protobuf.message").DecodeError

_SCALARS = {"double": 1, "int64": 3, "uint64": 4, "int32": 5, "bool": 8, "string": 9, "bytes": 12}
_MESSAGE = 11
_OPTIONAL, _REPEATED = 1, 3
_WELL_KNOWN = ("any", "duration", "struct", "timestamp", "wrappers")
_WELL_KNOWN_FILES = tuple(f"google/protobuf/{name}.proto" for name in _WELL_KNOWN)


def well_known(name: str) -> Proto:
    """Return the class of one of protobuf's own messages: `Timestamp` or `Duration`."""
    return getattr(importlib.import_module(f"google.protobuf.{name.lower()}_pb2"), name)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message.

    `kind` is a scalar's name (`int64`) or a message's full name after a dot (`.cel.expr.Expr`). A `mapped` field is a
    map from strings to that kind. Fields of one `choice` exclude each other.
    """

    name: str
    number: int
    kind: str
    repeated: bool = False
    mapped: bool = False
    choice: str = ""


class Pool:
    """A set of message types that grows and never shrinks."""

    def __init__(self) -> None:
        self.raw: Proto = _pools.DescriptorPool()
        for name in _WELL_KNOWN:
            self.raw.AddSerializedFile(importlib.import_module(f"google.protobuf.{name}_pb2").DESCRIPTOR.serialized_pb)

    def add(self, package: str, messages: dict[str, list[Field]], needs: Iterable[str] = ()) -> None:
        """Add a file of messages; it is named after the first one, and `needs` are first messages of earlier files."""
        first = next(iter(messages))
        # proto2, because there every singular field has presence.
        file = _descriptors.FileDescriptorProto(name=f"{package}.{first}", package=package, syntax="proto2")
        file.dependency.extend([*_WELL_KNOWN_FILES, *(f"{package}.{name}" for name in needs)])
        for name, fields in messages.items():
            message = file.message_type.add(name=name)
            # Two fields may differ in case only; protobuf's own JSON form, which would mix them up, is not used.
            message.options.deprecated_legacy_json_field_conflicts = True
            for field in fields:
                _add_field(message, f".{package}.{name}", field)
        self.raw.AddSerializedFile(file.SerializeToString())

    def message(self, name: str) -> Proto:
        """Return the class of the message of that full name."""
        return _factory.GetMessageClass(self.raw.FindMessageTypeByName(name))


def _add_field(message: Proto, owner: str, field: Field) -> None:
    kind = field.kind
    if field.mapped:
        entry = message.nested_type.add(name=entry_name(field.name))
        entry.options.map_entry = True
        _add_field(entry, "", Field("key", 1, "string"))
        _add_field(entry, "", Field("value", 2, kind))
        kind = f"{owner}.{entry.name}"
    label = _REPEATED if field.repeated or field.mapped else _OPTIONAL
    added = message.field.add(name=field.name, number=field.number, label=label, type=_SCALARS.get(kind, _MESSAGE))
    if kind not in _SCALARS:
        added.type_name = kind
    if field.choice:
        if not message.oneof_decl:
            message.oneof_decl.add(name=field.choice)
        added.oneof_index = 0


def entry_name(name: str) -> str:
    """Return the name that protobuf demands of the message behind a map field."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) + "Entry"
