from __future__ import annotations

import pytest

from agents.types import BUILTINS

FIELDS = {
    "Passage": "text: string, document: string, page: optional<integer>, start: integer, end: integer, score: number, "
    "id: string, heading: optional<string>",
    "Citation": "id: string, document: string, page: optional<integer>, start: integer, end: integer, quote: string",
    "Message": "role: string, content: string",
    "Step": "title: string, detail: optional<string>, status: optional<string>, citations: optional<list<Citation>>",
    "Usage": "tokens: integer, usd: number, seconds: number, tool_calls: integer",
    "Error": "code: string, message: string, where: optional<string>",
    "ItemError": "index: integer, error: Error",
}


@pytest.mark.parametrize("name", FIELDS)
def test_fields_are_what_apps_rely_on(name: str) -> None:
    assert ", ".join(f"{field}: {kind}" for field, kind in BUILTINS[name].fields.items()) == FIELDS[name]


def test_all_builtins_are_listed() -> None:
    assert set(BUILTINS) == set(FIELDS)
