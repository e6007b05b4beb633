from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import TypeSyntaxError
from agents.types import BUILTINS, INTEGER, JSON, STRING, ListOf, MapOf, OptionalOf, Type, parse_type, union

from .strategies import WRITABLE


@given(WRITABLE)
def test_text_and_type_are_the_same(kind: Type) -> None:
    assert parse_type(str(kind), BUILTINS) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("string", STRING),
        (" list < map<integer> > ", ListOf(MapOf(INTEGER))),
        ("optional<optional<string>>", OptionalOf(STRING)),
        ("string|integer | string", union(STRING, INTEGER)),
        ("list<Passage | json>", ListOf(union(BUILTINS["Passage"], JSON))),
        ("optional<string> | json", union(OptionalOf(STRING), JSON)),
    ],
)
def test_forms(text: str, kind: Type) -> None:
    assert parse_type(text, BUILTINS) == kind


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strng", "there is no type 'strng' (strng) Did you mean 'string'?"),
        ("Pasage", "Did you mean 'Passage'?"),
        ("lst", "Did you mean 'list<string>'?"),
        ("qqqqq", "Declare it under types."),
        ("list", "'list' needs the type of its content, as list<string>"),
        ("list<string", "'>' is missing after list<string"),
        ("list<string>>", "'>' is left over"),
        ("list<>", "a type is missing before '>'"),
        ("string |", "a type is missing at the end"),
        ("", "a type is missing at the end"),
        ("string integer", "'integer' is left over"),
        ("string<integer>", "'string' takes no <…>"),
        ("string[]", "Write list<string>."),
        ("string?", "'?' has no meaning in a type"),
        ("never", "there is no type 'never'"),
        ("list<" * 40 + "string" + ">" * 40, "nested deeper than 32"),
        ("list<" * 100_000, "at most 1000 characters"),
    ],
)
def test_mistakes_say_what_to_do(text: str, message: str) -> None:
    with pytest.raises(TypeSyntaxError) as caught:
        parse_type(text, BUILTINS)
    assert message in str(caught.value)


@given(st.text(alphabet="<>|, abclistmapstring\n\t", max_size=60))
def test_any_text_is_a_type_or_a_clean_error(text: str) -> None:
    try:
        kind = parse_type(text, BUILTINS)
    except TypeSyntaxError:
        return
    assert parse_type(str(kind), BUILTINS) == kind
