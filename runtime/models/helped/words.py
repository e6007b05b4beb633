"""Words of names and texts, cut down so that their forms meet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["EDGE", "Word", "nearness", "spoken", "stem", "stems", "tokens"]

Word = tuple[str, int, int]
"""A stem and where its word stands."""

_SMALL: Final = """
a an the of in on at to for from by with and or but is are was were be been do does did has have had can could will
would shall should may might must i me my we our us you your he she it its they them their this that these those there
here what which who whom whose when where why how if then than as into about over under between through during per via
not no so up out please find get give show tell want need like know let
"""
EDGE: Final = frozenset(_SMALL.split())
"""Words that neither begin nor end a value, and that say little."""
_CASE: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=\d)|[._\-/]+")
_WORD: Final = re.compile(r"[^\W_]+(?:['’](?!s\b)\w+)?")
_ENDINGS: Final = ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "s", "y", "e")


def spoken(name: str) -> str:
    """Return an identifier as words."""
    return _CASE.sub(" ", name).strip().lower()


def tokens(text: str) -> list[Word]:
    """Return the words of a text, as stems, and their places."""
    return [(stem(found[0]), found.start(), found.end()) for found in _WORD.finditer(text)]


def stems(texts: str | Iterable[str]) -> frozenset[str]:
    """Return the stems of the words that say something."""
    whole = texts if isinstance(texts, str) else " ".join(texts)
    return frozenset(stem(word) for word in _WORD.findall(spoken(whole)) if word not in EDGE)


def stem(word: str) -> str:
    """Return a word without its ending."""
    low = word.lower()
    for ending in _ENDINGS:
        if low.endswith(ending) and len(low) - len(ending) >= 3:
            return low[: -len(ending)]
    return low


def nearness(words: Sequence[Word], wanted: frozenset[str], start: int, end: int) -> tuple[float, float]:
    """Return how near a wanted word stands before and behind a stretch: 1 is next to it, 0 is nowhere."""
    before = [word for word, _, stop in words if stop <= start]
    behind = [word for word, begin, _ in words if begin >= end]
    return _near(reversed(before), wanted), _near(behind, wanted)


def _near(words: Iterable[str], wanted: frozenset[str]) -> float:
    for distance, word in enumerate(words):
        if word in wanted:
            return 1 / (1 + distance)
    return 0.0
