"""The names that the expressions of these tests read."""

from __future__ import annotations

from agents.expressions import Checker, CheckProblem, Evaluator
from agents.types import (
    BUILTINS,
    FILE,
    INTEGER,
    JSON,
    PASSAGE,
    SECRET,
    STRING,
    EnumOf,
    ListOf,
    OptionalOf,
    Record,
    Type,
    parse_types,
)
from runtime.base.errors import Json

TYPES, _ERRORS = parse_types(
    {
        "Reading": {
            "tag": "string",
            "value": "number",
            "n": "integer",
            "ok": "boolean",
            "at": "timestamp",
            "span": "duration",
            "note": "optional<string>",
        },
        "Odd": {
            "foo-bar": "string",
            "in": "string",
        },
        "Mix": {
            "union": "string | integer",
            "nested": "list<list<string>>",
            "holes": "list<optional<string>>",
            "records": "list<optional<Reading>>",
            "maps": "list<map<integer>>",
            "map": "map<number>",
            "js": "json",
            "fooBar": "string",
            "foo_bar": "number",
        },
    }
)
READING = TYPES["Reading"]
ROOTS: dict[str, Type] = {
    "look": Record("look", {"passages": ListOf(PASSAGE), "text": STRING}),
    "read": Record("read", {"result": READING, "files": ListOf(FILE), "level": EnumOf(("low", "high"))}),
    "plan": Record("plan", {"answer": OptionalOf(STRING), "steps": OptionalOf(ListOf(BUILTINS["Step"]))}),
    "odd": TYPES["Odd"],
    "mix": TYPES["Mix"],
    "rows": ListOf(READING),
    "row": STRING,
    "maybe": OptionalOf(STRING),
    "js": JSON,
    "inputs": Record("inputs", {"key": SECRET, "photo": OptionalOf(FILE), "question": STRING}),
    "state": Record("state", {"tries": INTEGER}),
}
CHECKER = Checker(ROOTS)
EVALUATOR = Evaluator(ROOTS)

_ROW: dict[str, Json] = {"n": 2, "ok": True, "at": "2024-05-01T06:00:00Z", "span": "2h"}
VALUES: dict[str, Json] = {
    "look": {
        "passages": [
            {"text": "one", "document": "a", "start": 0, "end": 3, "score": 0.5, "id": "1", "page": 4},
            {"text": "two", "document": "b", "start": 4, "end": 7, "score": 0.25, "id": "2"},
        ],
        "text": "one two",
    },
    "read": {
        "result": {"tag": "P-101", "value": 7.5, **_ROW},
        "files": [{"id": "f", "name": "a.pdf", "media_type": "application/pdf", "size": 12}],
        "level": "high",
    },
    "plan": {},
    "odd": {"foo-bar": "dash", "in": "word"},
    "mix": {
        "union": 3,
        "nested": [["a", "b"], ["c"]],
        "holes": ["a", None],
        "records": [{"tag": "Q", "value": 1.0, **_ROW, "span": "60s"}, None],
        "maps": [{"q": 1}],
        "map": {"z": 1.0, "b": 2.0, "q": 3.0},
        "js": {"z": {"deep": [1, None]}, "b": 2, "a": "text"},
        "fooBar": "camel",
        "foo_bar": 1.5,
    },
    "rows": [
        {"tag": "A", "value": 1.5, "n": 1, "ok": True, "at": "2024-05-01T00:00:00Z", "span": "90s", "note": "x"},
        {"tag": "B", "value": 9.5, "n": 2, "ok": False, "at": "2024-05-02T00:00:00Z", "span": "7200s"},
        {"tag": "C", "value": 8.0, "n": 3, "ok": True, "at": "2024-05-03T00:00:00Z", "span": "3600s"},
    ],
    "row": "pump",
    "js": [1, {"b": None}, 2.5],
    "inputs": {"question": "why?"},
    "state": {"tries": 0},
}


def problem(source: str) -> CheckProblem:
    """Return what is wrong with an expression."""
    try:
        found = CHECKER.check(source)
    except CheckProblem as error:
        return error
    raise AssertionError(f"{source} is fine: {found.type}")
