"""Tokens of the keyword leg, for English and Chinese, the same in every store.

The store only has to split on spaces and rank with BM25: stemming, segmentation and stop words all happen here, so
SQLite FTS5 (`tokenize="unicode61 remove_diacritics 0"`), Postgres (`simple`) and an in-memory index rank alike.

English words are folded, and cut by a light suffix stemmer (as good as FTS5's `porter` on XQuAD). A Chinese run
gives jieba's words in search mode, without its HMM, plus every character bigram: the bigrams find the names that the
dictionary does not know, and a word of two characters, being its own bigram, counts twice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from logging import WARNING
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

__all__ = [
    "Language",
    "content_words",
    "fold",
    "index_tokens",
    "language",
    "load",
    "match_expression",
    "query_tokens",
    "segment",
    "stem",
]

Language: TypeAlias = Literal["en", "zh"]

HAN_SHARE = 0.25
"""A text is Chinese when at least this share of its words is Chinese (a Han character counts as half a word)."""

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_RUN = re.compile(rf"([{_HAN}]+)|([^\W_{_HAN}]+(?:[-./,'’][^\W_{_HAN}]+)*)")
_WORD = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+")
_PART = re.compile(r"[-./'’]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")

_STOP_EN_TEXT = """
a about all also am an and any are as at be been being but by can could did do does doing for from had has have
having he her hers him his how i if in into is it its itself may me might more most my no nor not of on or our ours
she should so some such than that the their theirs them then there these they this those to too us was we were what
when where which while who whom whose why will with would you your yours s t don doesn didn isn wasn aren weren ll
ve re d
"""
_STOP_ZH_TEXT = """
的 地 得 了 在 是 和 与 及 或 也 就 都 而 着 过 被 把 让 向 从 以 对 于 为 这 那 其 之 有 吗 呢 吧 啊 么 不 没 没有
可以 能 会 要 到 由 个 它 他 她 们 他们 它们 她们 我 你 我们 你们 我们的 自己 这个 那个 这些 那些 一 一个 一些 一种
则 但 但是 并 并且 因此 所以 因为 如果 以及 等 等等 即 又 还 很 更 最 上 下 中 里 时 后 前 所 使 将 该 此 各 每 只
才 已 已经 曾 而且 不是 就是 还是 虽然 由于 对于 关于
"""
_STOP_EN = frozenset(_STOP_EN_TEXT.split())
_STOP_ZH = frozenset(_STOP_ZH_TEXT.split())
_ASKING_ZH = re.compile(
    "请问|为什么|什么样的?|什么时候|什么|哪一?[些个里儿年位种天次月项类]|哪|谁|多少|怎么样?|怎样|如何|何时|何地|是否|[吗呢]"
)


def language(text: str) -> Language:
    """Tells in which language a query or a chunk is written."""
    words = _WORD.findall(text)
    han = sum(1 for word in words if _is_han(word))
    return "zh" if han and han / 2 >= HAN_SHARE * (len(words) - han / 2) else "en"


def index_tokens(text: str) -> list[str]:
    """Tokens to store for a chunk (or its heading), in text order, repeats kept.

    Stop words are left out: they only lengthen the chunk, and BM25 would count that against it.
    """
    return [token for token in _tokens(fold(text)) if token not in _STOP_EN]


def query_tokens(text: str) -> list[str]:
    """Distinct tokens to look up for a query, in text order.

    Asking words (`what`, `多少`) say nothing of the passage and are left out, unless nothing else is there.
    """
    folded = fold(text)
    kept = [token for token in _tokens(_ASKING_ZH.sub(" ", folded)) if token not in _STOP_EN]
    return list(dict.fromkeys(kept or _tokens(folded)))


def match_expression(tokens: list[str]) -> str:
    """An FTS5 `MATCH` argument that finds chunks with any of `tokens` (empty when there is none)."""
    return " OR ".join(f'"{token}"' for token in tokens)


def content_words(text: str) -> list[str]:
    """Words that carry meaning, folded and stemmed, in text order, repeats kept: no stop words, no bigrams."""
    words: list[str] = []
    for han, run in _runs(_ASKING_ZH.sub(" ", fold(text))):
        words += (
            [w for w in segment(run) if w not in _STOP_ZH]
            if han
            else [stem(w) for w in _latin(run) if w not in _STOP_EN]
        )
    return words


def segment(text: str) -> list[str]:
    """Splits a Chinese text into the words that jieba knows; what is not Chinese stays in one piece per run."""
    return _jieba().lcut(text, HMM=False)


def fold(text: str) -> str:
    """Full-width to half-width, lower case, no accents, no thousands separators."""
    text = unicodedata.normalize("NFKC", text).lower()
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
        text = unicodedata.normalize("NFC", text)
    return _THOUSANDS.sub("", text)


@cache
def stem(word: str) -> str:
    """Cuts the plain English endings (-s, -es, -ies, -ing, -ed, -ly, -e, -y); other words and numbers pass.

    It makes forms of one word meet, and no more; the result need not be a word.
    """
    if len(word) < 4 or not word.isalpha() or not word.isascii():
        return word
    word = _singular(word)
    for ending in ("ing", "ed"):
        rest = word[: -len(ending)]
        if word.endswith(ending) and len(rest) >= 3 and re.search("[aeiouy]", rest):
            word = rest[:-1] if len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
            break
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    if len(word) > 3 and word[-1] in "ey":
        word = word[:-1] + ("i" if word[-1] == "y" else "")
    return word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    return word[:-1] if word.endswith("s") and word[-2] not in "us" else word


def _tokens(folded: str) -> list[str]:
    tokens: list[str] = []
    for han, run in _runs(folded):
        if han:
            tokens += [word for word in _search_words(run) if word not in _STOP_ZH]
            tokens += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            tokens += [stem(word) for word in _latin(run)]
    return tokens


def _runs(folded: str) -> Iterator[tuple[bool, str]]:
    for match in _RUN.finditer(folded):
        yield bool(match[1]), match[0]


def _latin(run: str) -> list[str]:
    """`p-101` gives `p`, `101` and `p101`: a tag is found however it is written."""
    parts = _PART.split(run.replace(",", "."))
    joined = "".join(parts)
    return (
        [*parts, joined]
        if len(parts) > 1 and any(c.isdigit() for c in joined) and any(c.isalpha() for c in joined)
        else parts
    )


def _is_han(word: str) -> bool:
    return re.match(f"[{_HAN}]", word) is not None


def _search_words(run: str) -> list[str]:
    return _jieba().lcut_for_search(run, HMM=False)


def load(folder: Path) -> None:
    """Load jieba and keep its parsed dictionary in `folder`.

    The shared temporary folder, its own choice, would let another user plant a file there that is unmarshalled here.
    """
    _jieba(folder)


class _Jieba(Protocol):
    """What is used of jieba, which has no types."""

    def lcut(self, text: str, *, HMM: bool) -> list[str]: ...
    def lcut_for_search(self, text: str, *, HMM: bool) -> list[str]: ...


_loaded: list[_Jieba] = []


def _jieba(folder: Path | None = None) -> _Jieba:
    """Load jieba on first use: 0.05 s to import, 0.7 s and 67 MB to initialise where its cache file is there."""
    if not _loaded:
        module: Any = import_module("jieba")
        module.setLogLevel(WARNING)
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            module.dt.tmp_dir = str(folder)
        module.initialize()
        _loaded.append(module)
    return _loaded[0]
