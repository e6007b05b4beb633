from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from agents.expressions import Checker, messages
from agents.types import INTEGER, NUMBER, STRING, ListOf, MapOf, OptionalOf, Record


def test_equal_types_share_a_message() -> None:
    known = messages.Messages()
    one, other = Record("R", {"a": STRING}), Record("R", {"a": STRING})
    assert known.text(one) == known.text(other)
    assert known.text(Record("R", {"a": INTEGER})) != known.text(one)
    assert known.text(ListOf(one)).endswith(".v")


def test_a_full_set_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_TYPES", 10)
    monkeypatch.setattr(messages, "_shared", [])
    first = messages.current()
    for at in range(20):
        kind = Record(f"R{at}", {"a": NUMBER})
        assert Checker({"r": kind}).check("has(r.a) && r.a > 1").source == "has(r.a) && r.a > 1.0"
    assert messages.current() is not first


def test_threads_share_messages() -> None:
    def check(at: int) -> str:
        kind = Record(f"T{at % 7}", {"f": MapOf(ListOf(STRING)), "g": OptionalOf(NUMBER), f"x{at % 7}": STRING})
        return Checker({"r": kind}).check(f"has(r.g) ? r.x{at % 7} + '{at}' : r.f['a'][0]").source

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(check, range(200)))) == 200
