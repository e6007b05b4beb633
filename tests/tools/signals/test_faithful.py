"""What a small model writes is kept only where the facts carry it."""

from __future__ import annotations

import pytest

from tools.signals.faithful import keep

FACTS = ["Motor M-201 shows signs of bearing wear", "bearing temperature went up: 61.5 → 74 °C", "2 abnormal periods"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Motor M-201 shows signs of bearing wear.",
        "The bearing temperature went up from 61.5 to 74 °C.",
        "There were 2 abnormal periods.",
    ],
)
def test_what_the_facts_say_is_kept(sentence: str) -> None:
    assert keep(sentence, FACTS) == (sentence, 0)


@pytest.mark.parametrize(
    "text",
    [
        "The bearing temperature went up to 95 °C.",
        "The maintenance engineer has a responsibility to ensure the safety of the industry.",
        "The 4-year-old M-201 is a critical component of the 4-year-old 3-year-old 4-year-old",
        "Abnormal periods went up from 61.5 to 74 °C.",
        "The bearing wear bearing wear bearing wear bearing wear bearing wear.",
        "",
    ],
)
def test_what_goes_beyond_them_is_dropped(text: str) -> None:
    kept, dropped = keep(text, FACTS)
    assert kept == ""
    assert dropped == bool(text)


def test_a_repeated_sentence_stands_once() -> None:
    sentence = "There were 2 abnormal periods."
    assert keep(f"{sentence} {sentence}", FACTS) == (sentence, 1)
