from __future__ import annotations

import math

import pytest
from hypothesis import given

from agents.spec.scalar import Scalar, ambiguous, exact, quote, resolve, spell

from .samples import scalars


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(word, None) for word in ("", "~", "null", "Null", "NULL")],
        *[(word, True) for word in ("true", "True", "TRUE")],
        *[(word, False) for word in ("false", "False", "FALSE")],
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5e-3", -0.0015),
        ("1e3", 1000.0),
    ],
)
def test_core_schema(text: str, value: Scalar) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("no", "on", "yes", "1_000", "1:30", "190:20:30", "2026-11-21", "2026-11-21T10:00:00Z", "0b11", "tRUE"),
        *("nuLL", "0o8", "0xg", "+0x1f", "1e", "e1", ".", "+", "-", "1.2.3", "--1", "١٢", "0x", "0o"),
    ],
)
def test_texts_of_the_core_schema(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    "text", [".inf", "-.Inf", "+.INF", ".nan", ".NaN", "1e999", "9" * 20, "-" + "9" * 9000, "0x" + "f" * 500]
)
def test_numbers_that_readers_disagree_on(text: str) -> None:
    assert not exact(resolve(text))


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1, 0.1, True, None, "x"])
def test_exact_values(value: Scalar) -> None:
    assert exact(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), math.inf, -math.inf, math.nan])
def test_inexact_values(value: Scalar) -> None:
    assert not exact(value)


@pytest.mark.parametrize("word", ["yes", "Yes", "YES", "on", "On", "oN"])
def test_words_that_were_true(word: str) -> None:
    assert ambiguous(word) is True


@pytest.mark.parametrize("word", ["no", "NO", "off", "Off"])
def test_words_that_were_false(word: str) -> None:
    assert ambiguous(word) is False


@pytest.mark.parametrize("word", ["on_error", "nope", "yes!", "", "true", "offs"])
def test_words_that_were_texts_always(word: str) -> None:
    assert ambiguous(word) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "plan_execute",
            "local/smollm2",
            "list<Citation>",
            "optional<string>",
            "0.1.0",
            "P-101",
            "2h",
            "Pump doctor",
            "泵机医生",
        ),
        *("inputs.question", "prompts/answer.md", "don't", "trending up (fast)", "每小时\uff0c一次"),
    ],
)
def test_bare_texts(text: str) -> None:
    assert spell(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "no",
            "Yes",
            "true",
            "null",
            "12",
            "1e3",
            "1_000",
            "2026-11-21",
            "0b11",
            "0X1F",
            "<<",
            "=",
            "-",
            "- a",
            "a: b",
            "a #b",
        ),
        *(
            "> 7.1",
            "a > 7.1",
            "${a}",
            "https://a.example",
            "a,b",
            " a",
            "a ",
            "a  b",
            "{a}",
            "[a]",
            "#a",
            "&a",
            "*a",
            "!a",
        ),
        *(
            "%a",
            "@a",
            "`a",
            "'a",
            '"a',
            "?",
            "|",
            "\u00a0",
            "a\u2028b",
            "a\u202eb",
            "\ufeff",
            "...",
            "---",
            ".inf",
            "~",
        ),
    ],
)
def test_quoted_texts(text: str) -> None:
    assert spell(text).startswith('"')


def test_quotes_escape_what_is_invisible() -> None:
    assert quote('a"\\\n\t\x07\u2028\u202e\U000e0001é') == '"a\\"\\\\\\n\\t\\x07\\u2028\\u202e\U000e0001é"'


@given(scalars)
def test_a_bare_spelling_resolves_to_its_value(value: Scalar) -> None:
    text = spell(value)
    if not text.startswith('"'):
        found = resolve(text)
        assert (found, type(found)) == (value, type(value))
