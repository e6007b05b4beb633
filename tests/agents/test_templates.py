"""Prompt and template texts."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import pytest

from agents.templates import parse_template
from agents.types import BOOLEAN, INTEGER, NUMBER, PASSAGE, STRING, ListOf

TYPES = {"name": STRING, "n": INTEGER, "x": NUMBER, "on": BOOLEAN, "rows": ListOf(PASSAGE), "words": ListOf(STRING)}
ROW = {"id": "p1", "text": "Oil <hot>", "document": "pump.md", "start": 0, "end": 9, "score": 0.5}


def render(text: str, *, escape: Callable[[str], str] | None = None, **values: object) -> str:
    return parse_template(text).render(values, TYPES, escape=escape)  # pyright: ignore[reportArgumentType]


def test_names_are_filled_in() -> None:
    assert render("Dear ${name}, you are ${n + 1}.", name="Wei", n=41) == "Dear Wei, you are 42."


def test_a_loop_leaves_no_empty_lines() -> None:
    text = "Found:\n${for r in rows}\n- ${r.id}: ${r.text}\n${end}\nDone.\n"
    assert render(text, rows=[ROW, {**ROW, "id": "p2"}]) == "Found:\n- p1: Oil <hot>\n- p2: Oil <hot>\nDone.\n"


def test_a_condition_takes_its_side() -> None:
    text = "${if size(words) == 0}none${else}${for w in words}${w} ${end}${end}"
    assert render(text, words=[]) == "none"
    assert render(text, words=["a", "b"]) == "a b "


def test_html_is_escaped() -> None:
    assert render("<b>${name}</b>", escape=escape, name="<script>") == "<b>&lt;script&gt;</b>"


def test_a_literal_dollar_brace_survives() -> None:
    assert render("$${name} is ${name}", name="x") == "${name} is x"


def test_what_is_filled_in_is_not_read_again() -> None:
    assert render("${name}", name="${n}") == "${n}"


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("${for r in rows}${r.id}", "BG301", "${end}"),
        ("${end}", "BG301", "no block"),
        ("${else}", "BG301", "no ${if"),
        ("${name", "BG301", ""),
        ("${nam}", "BG312", "nam"),
        ("${rows}", "BG305", "rows"),
        ("${if n}x${end}", "BG303", "boolean"),
        ("${for r in n}x${end}", "BG303", "a list"),
        ("${for r in rows}${r.txt}${end}", "BG302", "txt"),
        ("${name + n}", "BG302", ""),
    ],
)
def test_mistakes_are_found(text: str, code: str, says: str) -> None:
    found = parse_template(text).check(TYPES)
    assert [one.code for one in found] == [code], found
    assert says in str(found[0])


def test_a_sound_text_has_no_problems() -> None:
    text = "${if on && x > 3}\n${for r in rows}\n${r.document}: ${string(r.score)}\n${end}\n${else}\n${name}\n${end}"
    assert parse_template(text).check(TYPES) == []
