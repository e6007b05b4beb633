"""Cases of the Berkeley Function Calling Leaderboard, with their types turned into JSON Schema, and its AST rule.

The data are `BFCL_v4_simple_python` and `BFCL_v4_multiple` (Apache-2.0, github.com/ShishirPatil/gorilla): one question
and one right call each. The rule is that of the leaderboard's checker for Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

__all__ = ["FILES", "Case", "Gold", "accepted", "read", "right", "to_schema"]

FILES: Final = ("simple_python", "multiple")
_TYPES: Final = {"dict": "object", "float": "number", "tuple": "array"}
_KEPT: Final = ("description", "enum", "default")
_IGNORED: Final = re.compile(r"[ ,./\-_*^]")

Gold = Mapping[str, Sequence[Any]]
"""Accepted values by parameter; the empty text says that it may be left out."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the tools in the form of OpenAI, and the right call.

    Args:
        name: The case's id.
        tool: Name of the right tool.
        gold: Its arguments.
    """

    name: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    tool: str
    gold: Gold

    def schema(self, tool: str) -> dict[str, Any] | None:
        """Return the parameters of a tool, or None where it does not exist."""
        found = [one["function"]["parameters"] for one in self.tools if one["function"]["name"] == tool]
        return found[0] if found else None


def read(folder: Path, file: str) -> list[Case]:
    """Return the cases of one of `FILES`."""
    name = f"BFCL_v4_{file}.json"
    asked, answered = _lines(folder / name), _lines(folder / "possible_answer" / name)
    return [_case(one, other) for one, other in zip(asked, answered, strict=True)]


def to_schema(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a parameter whose type is Python's."""
    kind = rules.get("type")
    schema: dict[str, Any] = {key: rules[key] for key in _KEPT if key in rules}
    if kind and kind != "any":
        schema["type"] = _TYPES.get(kind, kind)
    if "properties" in rules:
        schema["properties"] = {name: to_schema(value) for name, value in rules["properties"].items()}
        schema["required"] = [name for name in rules.get("required", ()) if name in schema["properties"]]
        schema["additionalProperties"] = False
    if "items" in rules:
        schema["items"] = to_schema(rules["items"])
    return schema


def right(case: Case, tool: str, arguments: Mapping[str, Any]) -> bool:
    """Return whether a call is right as a whole."""
    schema = case.schema(tool)
    if tool != case.tool or schema is None:
        return False
    known = schema["properties"]
    if any(name not in arguments for name in schema["required"]):
        return False
    if any("" not in values and name not in arguments for name, values in case.gold.items()):
        return False
    return all(
        name in known and name in case.gold and accepted(value, known[name], case.gold[name])
        for name, value in arguments.items()
    )


def accepted(value: Any, schema: Mapping[str, Any], values: Sequence[Any]) -> bool:  # noqa: ANN401 any JSON
    """Return whether a parameter's value is among those that are accepted."""
    return any(_same(value, other, schema.get("type") == "number") for other in values)


def _same(value: Any, other: Any, whole: bool = True) -> bool:  # noqa: ANN401 any JSON
    """Compare as the leaderboard does.

    Args:
        value: What was said.
        other: What is accepted; values of a mapping are lists of what is accepted.
        whole: Whether an integer may stand for a float.
    """
    match other:
        case str():
            return isinstance(value, str) and _plain(value) == _plain(other)
        case list():
            said = cast("list[Any]", value)
            return (
                isinstance(value, list) and len(said) == len(cast("list[Any]", other)) and all(map(_same, said, other))
            )
        case dict():
            return isinstance(value, dict) and _same_entries(cast("dict[str, Any]", value), cast("Gold", other))
        case bool() | None:
            return value is other
        case float() if not whole:
            return type(value) is float and value == other
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool) and value == other


def _same_entries(value: Mapping[str, Any], other: Gold) -> bool:
    missing = any("" not in accepted for name, accepted in other.items() if name not in value)
    return not missing and all(
        name in other and any(_same(entry, one) for one in other[name]) for name, entry in value.items()
    )


def _plain(text: str) -> str:
    return _IGNORED.sub("", text).lower().replace("'", '"')


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _case(asked: Mapping[str, Any], answered: Mapping[str, Any]) -> Case:
    ((tool, gold),) = answered["ground_truth"][0].items()
    tools = [
        {
            "type": "function",
            "function": {
                "name": one["name"],
                "description": one["description"],
                "parameters": to_schema(one["parameters"]),
            },
        }
        for one in asked["function"]
    ]
    return Case(asked["id"], asked["question"][0], tools, tool, gold)
