"""Keeps of a text only the sentences that say nothing beyond given facts.

A sentence is kept when one single fact carries it: every number in it stands in that fact, nearly all of its other
content words do, and it neither repeats itself nor an earlier sentence. This is an extractive check by surface: it
needs no model, and in doubt it drops the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["keep"]

SHARE: Final = 0.75
"""Of a sentence's content words, the least share that must stand in the facts."""
LONGEST: Final = 60
"""Words of a sentence; a longer one has lost its thread."""

_FILLERS: Final = frozenset({"there", "were", "from", "this", "that", "with", "have", "been", "which", "also"})
_SENTENCE: Final = re.compile(r"[^.!?]*(?:[.!?](?!\s|$)[^.!?]*)*[.!?](?=\s|$)")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_WORD: Final = re.compile(r"[a-z]{4,}")


def keep(text: str, facts: Iterable[str]) -> tuple[str, int]:
    """Return the sentences that the facts carry, and how many were dropped; an unfinished last one counts as dropped.

    Args:
        text: English prose.
        facts: What it may say.
    """
    known = [(set(_NUMBER.findall(fact)), set(_stems(fact.lower()))) for fact in facts]
    sentences = [found.strip() for found in _SENTENCE.findall(text)]
    carried: dict[frozenset[str], str] = {}
    for sentence in sentences:
        if any(_carries(sentence.lower(), numbers, stems) for numbers, stems in known):
            carried.setdefault(frozenset(_stems(sentence.lower())), sentence)
    kept = list(carried.values())
    rest = _SENTENCE.sub("", text).strip()
    return " ".join(kept), len(sentences) - len(kept) + bool(rest)


def _carries(sentence: str, numbers: set[str], stems: set[str]) -> bool:
    words = _stems(sentence)
    if not words or len(sentence.split()) > LONGEST or len(words) > 2 * len(set(words)):
        return False
    known = sum(word in stems for word in words)
    return set(_NUMBER.findall(sentence)) <= numbers and known >= SHARE * len(words)


def _stems(text: str) -> list[str]:
    return [word[:5] for word in _WORD.findall(text) if word not in _FILLERS]
