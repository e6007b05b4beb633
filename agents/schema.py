"""The JSON Schema of `app.yaml`, for editors, for other programs and for models that write apps."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from pydantic_core import CoreSchema

from runtime.base.errors import Json

from .nodes import MANIFESTS
from .spec.document import Document, NodeSpec
from .spec.ids import RESERVED, ROOTS

__all__ = ["language_schema"]

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID_PATTERN = r"^[a-z][a-z0-9_]{0,47}$"


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles that only repeat a key."""

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        return False


def language_schema() -> Schema:
    """Return the JSON Schema (2020-12) of an app with the node types of this installation.

    It describes the shape; what only the compiler can see, such as types, references and paths, is not in it.
    """
    configs = {name: manifest.config for name, manifest in MANIFESTS.items()}
    models: list[type[BaseModel]] = list(dict.fromkeys([Document, *configs.values()]))
    refs, made = models_json_schema(
        [(model, "validation") for model in models], by_alias=True, schema_generator=_Untitled
    )
    definitions: Schema = made["$defs"]
    names = {model: refs[model, "validation"]["$ref"].rpartition("/")[2] for model in models}
    for name, config in configs.items():
        definitions[f"node_{name}"] = _config(definitions[names[config]], MANIFESTS[name].summary)
    for config in configs.values():
        definitions.pop(names[config], None)
    definitions[NodeSpec.__name__] = _node(definitions[NodeSpec.__name__], list(configs))
    document: Schema = definitions.pop(names[Document])
    _close(document, definitions)
    return {
        "$schema": DIALECT,
        "$id": "urn:baigong:app:1",
        **document,
        "title": "Baigong app",
        "$defs": dict(sorted(definitions.items())),
    }


def _config(schema: Schema, summary: str) -> Schema:
    """Return a configuration's schema without its own end of the list of keys: the shared keys come from the node."""
    kept = {key: value for key, value in schema.items() if key not in ("additionalProperties", "title")}
    return {**kept, "description": summary}


def _node(schema: Schema, types: list[str]) -> Schema:
    """Return the schema of a node: the shared keys, and those of its type."""
    properties: Schema = {**schema["properties"], "type": {"enum": types}}
    cases = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {"$ref": f"#/$defs/node_{name}"},
        }
        for name in types
    ]
    kept = {key: value for key, value in schema.items() if key != "additionalProperties"}
    return {**kept, "properties": properties, "allOf": cases, "unevaluatedProperties": False}


def _close(document: Schema, definitions: Schema) -> None:
    """Let mappings of ids have no other keys, and no reserved ones."""
    open_ended: list[Json] = [document, *definitions.values()]
    while open_ended:
        part = open_ended.pop()
        if isinstance(part, list):
            open_ended.extend(part)
        elif isinstance(part, dict):
            open_ended.extend(part.values())
            patterns = part.get("patternProperties")
            if isinstance(patterns, dict) and ID_PATTERN in patterns:
                part["additionalProperties"] = False
                part["propertyNames"] = {"not": {"enum": [*sorted(RESERVED)]}}
    document["properties"]["nodes"]["propertyNames"] = {"not": {"enum": sorted(RESERVED | ROOTS)}}
