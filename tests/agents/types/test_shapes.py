from __future__ import annotations

import dataclasses

import pytest

from agents.types import BUILTINS, FILE, INTEGER, JSON, SECRET, STRING, EnumOf, ListOf, MapOf, OptionalOf, Record, union
from agents.types.shapes import Extent, extent


def test_str_gives_the_languages_text() -> None:
    kind = ListOf(MapOf(OptionalOf(union(STRING, BUILTINS["Passage"]))))
    assert str(kind) == "list<map<optional<string | Passage>>>"
    assert str(EnumOf(("low", "high"))) == '"low" | "high"'
    assert str(Record("", {"a": STRING, "b": INTEGER})) == "{a: string, b: integer}"


def test_records_are_equal_and_hash_alike_whatever_the_order_of_fields() -> None:
    one, other = Record("R", {"a": STRING, "b": INTEGER}), Record("R", {"b": INTEGER, "a": STRING})
    assert one == other
    assert hash(one) == hash(other)
    assert one != Record("Q", {"a": STRING, "b": INTEGER})
    assert len({one, other, ListOf(one), ListOf(other)}) == 2


def test_types_are_frozen() -> None:
    fields = {"a": STRING}
    record = Record("R", fields)
    fields["b"] = INTEGER
    assert list(record.fields) == ["a"]
    with pytest.raises(TypeError):
        record.fields["c"] = STRING  # pyright: ignore[reportIndexIssue]
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.name = "S"  # pyright: ignore[reportAttributeAccessIssue]


def test_union_is_flat_and_without_repeats() -> None:
    assert union(STRING) == STRING
    assert union(STRING, STRING) == STRING
    assert union(union(STRING, INTEGER), JSON, STRING) == union(STRING, INTEGER, JSON)
    with pytest.raises(ValueError, match="member"):
        union()


def test_extent_sees_through_shared_parts() -> None:
    assert extent(STRING) == Extent(1, 1, False)
    assert extent(ListOf(Record("", {"a": OptionalOf(SECRET), "b": FILE}))) == Extent(4, 5, True)
    kind = STRING
    for _ in range(200):
        kind = Record("", {"left": kind, "right": kind})
    assert extent(kind).size > 2**200


def test_required_fields() -> None:
    assert BUILTINS["Step"].required() == ["title"]
