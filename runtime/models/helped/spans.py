"""Stretches of a text that may be somebody's value: quoted, capitalised, dates, codes, formulas, plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from .dates import dates
from .words import EDGE

__all__ = ["Span", "spans"]

MOST: Final = 120
"""Stretches of one text."""
MOST_WORDS: Final = 5
"""Words of a stretch that is nothing but words."""
_QUOTED: Final = re.compile(
    r"\"([^\"]{1,300})\"|(?<!\w)'((?:[^']|'(?=\w)){1,300})'(?!\w)|“([^”]{1,300})”|‘([^’]{1,300})’"
)
_FORMULA: Final = re.compile(r"(?<![\w.])[-\w.()]*(?:\s?[-+*/^=²³]+\s?[\w.()^²³]+)+")
_TOKEN: Final = re.compile(r"~?[\w$€£#@&°%/][\w'’.:/&@°%#+-]*|[^\w\s]")
_INNER: Final = frozenset(("of", "the", "de", "la", "&", "vs", "vs.", "v.", "von", "van"))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text. `kind` is `quoted`, `date`, `formula`, `name` (capitalised) or `words`."""

    text: str
    start: int
    end: int
    kind: str
    day: tuple[int, int, int] | None = None


def spans(text: str) -> list[Span]:
    """Return the stretches, the most telling kinds first, each text once."""
    found: dict[str, Span] = {}
    for span in chain(_quoted(text), _dates(text), _formulas(text), _names(text), _words(text)):
        if len(found) == MOST:
            break
        found.setdefault(span.text, span)
    return list(found.values())


def _quoted(text: str) -> Iterator[Span]:
    for found in _QUOTED.finditer(text):
        index = found.lastindex or 1
        yield Span(found[index].strip(), found.start(index), found.end(index), "quoted")


def _dates(text: str) -> Iterator[Span]:
    for day, start, end in dates(text):
        yield Span(text[start:end], start, end, "date", day)


def _formulas(text: str) -> Iterator[Span]:
    for found in _FORMULA.finditer(text):
        whole = found[0].strip(" ,.?")
        if re.search(r"[a-z]", whole) and re.search(r"[\d^*+=()²³]", whole):
            yield Span(whole, found.start(), found.start() + len(whole), "formula")
            side = whole.partition("=")
            if side[1]:
                right = side[2].strip()
                start = found.start() + found[0].index(right)
                yield Span(right, start, start + len(right), "formula")


def _tokens(text: str) -> list[re.Match[str]]:
    return list(_TOKEN.finditer(text))


def _names(text: str) -> Iterator[Span]:
    """Yield the longest runs of capitalised words, with small words inside, and with `, ST` behind."""
    tokens = _tokens(text)
    index = 0
    while index < len(tokens):
        if not _capital(tokens[index][0]) or _begins(text, tokens[index].start()):
            index += 1
            continue
        last = _run(tokens, index)
        if _article(tokens, index):
            yield _between(text, tokens, index - 1, last, "name")
        yield _between(text, tokens, index, last, "name")
        index = last + 1


def _article(tokens: list[re.Match[str]], first: int) -> bool:
    """Say whether a capital The belongs to the name behind it."""
    return first > 1 and tokens[first - 1][0] == "The"


def _run(tokens: list[re.Match[str]], first: int) -> int:
    last = at = first
    while at + 1 < len(tokens):
        at += 1
        word = tokens[at][0]
        if _capital(word) or (word.isdecimal() and at == last + 1):
            last = at
        elif word not in _INNER or at - last > 2:
            break
    return last


def _begins(text: str, start: int) -> bool:
    """Say whether a sentence begins here, where a capital says nothing."""
    before = text[:start].rstrip(" '\"‘“")
    return not before or (before[-1] in ".?!" and not before.endswith(("Mr.", "Mrs.", "Ms.", "Dr.", "St.")))


def _capital(word: str) -> bool:
    return word[0].isupper() and word.lower() not in EDGE


def _words(text: str) -> Iterator[Span]:
    """Yield the runs of up to `MOST_WORDS` words that no small word begins or ends; a comma may stand before `ST`."""
    tokens = _tokens(text)
    for first in range(len(tokens)):
        if not _edge(tokens[first][0]):
            continue
        for last in range(first, min(first + MOST_WORDS, len(tokens))):
            word = tokens[last][0]
            if not word[0].isalnum() and word not in ",-$" and last > first:
                break
            if _edge(word) and _commas(tokens, first, last):
                yield _between(text, tokens, first, last, "words")


def _commas(tokens: list[re.Match[str]], first: int, last: int) -> bool:
    """Say whether commas inside stand between names only (`San Jose, California`)."""
    inside = [at for at in range(first, last) if tokens[at][0] == ","]
    return len(inside) < 2 and all(_capital(tokens[at + 1][0]) and _capital(tokens[first][0]) for at in inside)


def _edge(word: str) -> bool:
    return word[0].isalnum() and word.lower() not in EDGE


def _between(text: str, tokens: list[re.Match[str]], first: int, last: int, kind: str) -> Span:
    start, end = tokens[first].start(), tokens[last].end()
    while end > start + 1 and text[end - 1] in ".:/'’-&":
        end -= 1
    if text[start:end].endswith(("'s", "’s")):
        end -= 2
    return Span(text[start:end], start, end, kind)
