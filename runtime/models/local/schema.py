"""Reading JSON Schema: references, merging, and the keywords that a grammar cannot hold an answer to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import unquote

from ...base.errors import Json
from ..errors import SchemaUnsupported

__all__ = [
    "THOUGHT", "UNENFORCED", "Schema", "beside", "escape", "flatten", "guess", "merge", "required", "resolve",
    "thought_first", "whole",
]  # fmt: skip

Schema = Mapping[str, Json]

UNENFORCED: Final = (
    "pattern", "multipleOf", "uniqueItems", "contains", "minProperties", "maxProperties", "propertyNames",
    "patternProperties", "dependentRequired", "dependentSchemas", "not", "if", "exclusiveMinimum", "exclusiveMaximum",
)  # fmt: skip
"""Keywords that only a validator checks."""
THOUGHT: Final = "thought"
"""A string of this name is written before the object's other keys, so that the model thinks before it answers."""


def resolve(root: Schema | bool, ref: str, at: str) -> Json:
    """Return what a reference inside the same document points at.

    Raises:
        SchemaUnsupported: It points elsewhere or at nothing.
    """
    if ref != "#" and not ref.startswith("#/"):
        raise SchemaUnsupported(f"Reference {ref!r} does not point into this schema.", where=f"{at}/$ref")
    target = cast("Json", root)
    for raw in ref.split("/")[1:]:
        name = unquote(raw).replace("~1", "/").replace("~0", "~")
        if isinstance(target, Mapping) and name in target:
            target = target[name]
        elif isinstance(target, list) and name.isdecimal() and int(name) < len(target):
            target = target[int(name)]
        else:
            raise SchemaUnsupported(f"Reference {ref!r} points at nothing.", where=f"{at}/$ref")
    return target


def merge(left: Schema, right: Json, at: str) -> Schema:
    """Return a schema that demands both; of a keyword that both have, lists are joined and the right one else wins."""
    if right is True:
        return left
    if not isinstance(right, Mapping):
        raise SchemaUnsupported("A schema is an object or true.", where=at or "/")
    both: dict[str, Json] = dict(left) | dict(right)
    for key in ("properties", "$defs"):
        one, other = left.get(key), right.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            both[key] = {**one, **other}
    one, other = left.get("required"), right.get("required")
    if isinstance(one, list) and isinstance(other, list):
        both["required"] = [*one, *(name for name in other if name not in one)]
    return both


def beside(target: Json, schema: Schema, at: str) -> Json | Schema:
    """Return what a `$ref` points at, together with the keywords that stand beside the reference."""
    notes = ("$ref", "$defs", "$id", "$schema", "title", "description", "default", "examples")
    rest = {key: value for key, value in schema.items() if key not in notes}
    return merge(target, rest, at) if rest and isinstance(target, Mapping) else target


def flatten(root: Schema | bool, schema: Schema, parts: list[Json], at: str) -> Schema:
    """Return a schema with its `allOf` merged into it.

    Raises:
        SchemaUnsupported: A part is a reference to a reference to a reference ….
    """
    merged: Schema = {key: value for key, value in schema.items() if key != "allOf"}
    for part in parts:
        found, steps = part, 0
        while isinstance(found, Mapping) and isinstance(ref := found.get("$ref"), str):
            found, steps = resolve(root, ref, at), steps + 1
            if steps > 16:
                raise SchemaUnsupported("References go round in a circle.", where=f"{at}/allOf")
        merged = merge(merged, found, at)
    return merged


def guess(schema: Schema) -> str | None:
    """Return the type that a schema without `type` means, or None for any."""
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    if any(key in schema for key in ("minLength", "maxLength", "pattern", "format")):
        return "string"
    return None


def required(schema: Schema, at: str) -> frozenset[str]:
    """Return the required keys.

    Raises:
        SchemaUnsupported: One of them has no schema, so that no grammar could write it.
    """
    names = schema.get("required") or []
    properties = schema.get("properties")
    known = frozenset(properties) if isinstance(properties, Mapping) else frozenset[str]()
    wanted = frozenset(str(name) for name in names) if isinstance(names, list) else frozenset[str]()
    if missing := wanted - known:
        raise SchemaUnsupported(f"Required key {min(missing)!r} has no schema.", where=f"{at}/required")
    return wanted


def thought_first(properties: Schema) -> Schema:
    """Return properties in the order in which they are written."""
    thought = properties.get(THOUGHT)
    if not isinstance(thought, Mapping) or (thought.get("type") or guess(thought)) != "string":
        return properties
    return {THOUGHT: thought, **properties}


def whole(schema: Schema, key: str, default: int, at: str) -> int:
    """Return a bound.

    Raises:
        SchemaUnsupported: It is no natural number.
    """
    value = schema.get(key, default)
    if not isinstance(value, int) or value < 0:
        raise SchemaUnsupported(f"`{key}` is no natural number.", where=f"{at}/{key}")
    return value


def escape(name: str) -> str:
    """Return a key as part of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")
