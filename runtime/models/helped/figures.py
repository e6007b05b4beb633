"""Numbers that a text speaks of: digits, words, shares, thousands and millions, and runs of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

__all__ = ["Found", "Number", "numbers", "runs"]

Number: TypeAlias = int | float

_ONES: Final = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty
"""
_WORDS: Final[dict[str, int]] = {
    **{word: value for value, word in enumerate(_ONES.split())},
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
    "twice": 2, "dozen": 12,
}  # fmt: skip
_TIMES: Final = {
    "k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "mn": 10**6, "bn": 10**9, "billion": 10**9,
    "trillion": 10**12, "hundred": 100,
}  # fmt: skip
_POWERS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_DIGITS: Final = re.compile(
    r"(?<![\w.])(?P<sign>[-−](?<![\w)]-))?"
    r"(?P<whole>\d{1,3}(?:,\d{3})+(?!\d|,\d)|\d+)(?:(?:st|nd|rd|th)\b)?(?P<part>\.\d+)?(?P<small>[eE][-+]?\d+)?"
    r"(?:\s*[x×*]\s*10\s*\^?\s*\(?(?P<power>[-−]?\d+|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)\)?)?"
    r"(?P<share>\s?%|\s?percent)?(?:\s?(?P<times>thousand|million|billion|trillion|hundred|k|bn|mn|M)\b)?"
)
_WORD: Final = re.compile(
    r"(?<![\w-])(?:a )?(" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")\b", re.IGNORECASE
)
_GROUPED: Final = re.compile(r"[\[(][-\d.,\s]*[\])]")
"""Brackets with numbers: commas stand between them."""
_UNIT: Final = re.compile(r"(?<![a-zA-Z])(?:[kcmd]?m|s|ft|in|inch|sec|h)\s?\^$")
"""What makes a number the power of a unit."""
_BETWEEN: Final = re.compile(r"\s*(?:,|;|and|,\s*and|to|by|x|×|)\s*[$€£(\[]?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A number and where it stands; `share` is it as a share of one where the text says percent."""

    value: Number
    start: int
    end: int
    share: float | None = None
    said: bool = False
    """Whether it is a word, which may mean something else."""


def numbers(text: str) -> list[Found]:
    """Return the numbers of a text in their order."""
    plain = _GROUPED.sub(lambda found: found[0].replace(",", "\x1f"), text)
    written = [_written(found) for found in _DIGITS.finditer(plain) if not _UNIT.search(plain, 0, found.start())]
    words = [
        one for one in _spoken(text) if not any(one.start < other.end and other.start < one.end for other in written)
    ]
    return sorted([*written, *words], key=lambda one: one.start)


def runs(text: str, found: Sequence[Found]) -> list[list[Found]]:
    """Return the lists of numbers in a text: two or more with nothing but separators between them."""
    lists = list[list[Found]]()
    for one in found:
        last = lists[-1][-1] if lists else None
        if last and not one.said and not last.said and _BETWEEN.fullmatch(text[last.end : one.start]):
            lists[-1].append(one)
        else:
            lists.append([one])
    return [group for group in lists if len(group) > 1]


def _written(found: re.Match[str]) -> Found:
    text = found["whole"].replace(",", "") + (found["part"] or "") + (found["small"] or "")
    value: Number = float(text) if found["part"] or found["small"] else int(text)
    if found["sign"]:
        value = -value
    if found["power"]:
        value = float(f"{value}e{found['power'].translate(_POWERS).replace('−', '-')}")
    if found["times"]:
        value = value * _TIMES[found["times"].lower()]
    if isinstance(value, float) and value.is_integer() and (found["times"] or found["power"] or found["small"]):
        value = int(value)
    share = round(value / 100, 10) if found["share"] else None
    return Found(value, found.start(), found.end(), share)


def _spoken(text: str) -> Iterator[Found]:
    for found in _WORD.finditer(text):
        yield Found(_WORDS[found[1].lower()], found.start(), found.end(), said=True)
