"""The parameters of a tool, as JSON Schema has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from jsonschema import Draft202012Validator

from ...base.errors import Json
from ..errors import SchemaUnsupported
from ..local.schema import resolve
from .candidates import family
from .features import Parameter, Reading
from .vectors import Vectors
from .words import spoken, stems

__all__ = ["Rules", "prepare", "read", "rest"]

READ: Final = 4000
"""Characters of a request that are read."""
_NOTES: Final = ("description", "default", "title")


def read(schema: Mapping[str, Any]) -> list[Parameter]:
    """Return the parameters of a tool, those that must be given first."""
    properties = cast("Mapping[str, Any]", schema.get("properties") or {})
    needed: frozenset[str] = frozenset(schema.get("required") or ())
    plain = {name: _plain(schema, rules) for name, rules in properties.items()}
    total, seen = Counter(map(family, plain.values())), Counter[str]()
    found = list[Parameter]()
    for name, rules in plain.items():
        kind = family(rules)
        place = seen[kind] / max(1, total[kind] - 1)
        seen[kind] += 1
        found.append(Parameter.read(name, rules, needed=name in needed, place=place))
    return found


async def prepare(
    text: str, function: Mapping[str, Any], parameters: Sequence[Parameter], vectors: Vectors, *, lane: str = ""
) -> Reading:
    """Read a request for a tool.

    Raises:
        ModelError: There are no vectors.
    """
    reading = Reading.read(text[:READ])
    reading.about = stems([str(function["name"]), str(function.get("description") or "")])
    reading.vectors = await vectors.of([*reading.texts(), *_texts(parameters)], lane=lane)
    return reading


def rest(schema: Mapping[str, Any], names: Sequence[str]) -> dict[str, Json]:
    """Return the schema of some of the parameters, all of them to be given."""
    kept = {key: value for key, value in schema.items() if key in ("$defs", "definitions")}
    properties = {name: schema["properties"][name] for name in names}
    return {**kept, "type": "object", "properties": properties, "required": [*names], "additionalProperties": False}


class Rules:
    """Says what a tool's schema allows.

    Args:
        schema: The schema of all parameters.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._properties = cast("Mapping[str, Any]", schema.get("properties") or {})
        self._whole: Any = Draft202012Validator(dict(schema))

    def allow(self, name: str, value: Json) -> bool:
        """Whether a parameter may have a value."""
        return bool(self._whole.evolve(schema=self._properties[name]).is_valid(value))

    def broken(self, arguments: Mapping[str, Json]) -> list[str]:
        """Return what is wrong with a call's arguments."""
        return [str(error.message) for error in self._whole.iter_errors(dict(arguments))]


def _texts(parameters: Sequence[Parameter]) -> list[str]:
    """Return what of the parameters must have vectors."""
    values = [spoken(str(value)) for one in parameters for value in one.schema.get("enum") or ()]
    options = [text for one in parameters for option in one.options for text in (option, spoken(option))]
    return [*(one.text for one in parameters), *values, *options]


def _plain(root: Mapping[str, Any], rules: Json) -> dict[str, Any]:
    """Return a parameter's schema without a reference, and without null where that only means left out."""
    if not isinstance(rules, Mapping):
        return {}
    schema = dict(cast("Mapping[str, Any]", rules))
    notes = {key: schema[key] for key in _NOTES if key in schema}
    if isinstance(ref := schema.get("$ref"), str):
        try:
            return _plain({}, resolve(root, ref, "")) | notes
        except SchemaUnsupported:
            return notes
    either = cast("list[Json]", schema.get("anyOf") or schema.get("oneOf") or [])
    options = [one for one in either if one != {"type": "null"}]
    if len(options) == 1:
        return _plain(root, options[0]) | notes
    if isinstance(kinds := schema.get("type"), list):
        real = [kind for kind in cast("list[str]", kinds) if kind != "null"]
        schema["type"] = real[0] if len(real) == 1 else None
    return schema
