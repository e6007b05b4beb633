"""OpenAI's own description of its interface, to hold answers against."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource

PLACE = "urn:openai"


class Shapes:
    """The schemas of a description.

    Args:
        path: The description.
    """

    def __init__(self, path: Path) -> None:
        described = _read(path)
        self._registry: Any = Registry().with_resource(PLACE, Resource.opaque(described))
        self._events = {
            schema["properties"]["type"]["enum"][0]: name
            for name, schema in described["components"]["schemas"].items()
            if name.startswith("Response") and name.endswith("Event") and "properties" in schema
        }

    def check(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Hold a value against a schema."""
        schema = {"$ref": f"{PLACE}#/components/schemas/{name}"}
        errors = [*Draft202012Validator(schema, registry=self._registry).iter_errors(value)]
        assert not errors, "; ".join(map(_said, errors))

    def check_event(self, event: Any) -> None:  # noqa: ANN401
        """Hold an event of a stream against the schema of its type."""
        self.check(self._events[event["type"]], event)


def _said(error: ValidationError) -> str:
    nested = [*map(_said, error.context or ())]
    return f"{error.json_path}: {error.message[:200]} {nested or ''}"


@cache
def _read(path: Path) -> Any:  # noqa: ANN401
    return json.loads(path.read_text(encoding="utf-8"))
