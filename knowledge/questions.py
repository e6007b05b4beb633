"""Questions made from a knowledge base's own chunks, to calibrate its retrieval on.

A question is a clause of a chunk that keeps its grammar while half of its content words give way to words that the
chunk does not hold: the nearest words of the same knowledge base to the embedder, else general question words. In
every second question the rarest words are replaced, in the others the commonest. This is harsh, and on purpose: clauses
copied word for word make any keyword leg look perfect and any weight look alike.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final, TypeAlias

import numpy as np

from . import tokens
from .documents import Chunk
from .ports import Matrix
from .tokens import Language

__all__ = ["QUESTIONS", "SHARED", "Embed", "Question", "make_questions", "shared"]

Embed: TypeAlias = Callable[[Sequence[str]], Matrix]
"""Texts to unit vectors, `(texts, dimensions)`."""

QUESTIONS: Final = 200
SHARED: Final = 0.5
"""The largest share of a question's content words that its chunk or heading may hold."""

_WORDS: Final = (4, 8)
"""How many content words a clause has; real questions have 3 to 10."""
_VOCABULARY: Final = 1000
_NEIGHBOURS: Final = 20

_FILLERS_EN = """
name type kind reason example year person place group term number amount purpose result people role part effect
country process difference famous according called describe known used happened main important first work
"""
_FILLERS_ZH = """
名称 类型 原因 例子 年份 人物 地点 时间 数量 目的 结果 作用 影响 国家 过程 区别 著名 主要 用途 方式 特点 内容 关系
情况 发生 称为 介绍 属于 位于 组成
"""
_FILLERS: Mapping[Language, Sequence[str]] = {"en": _FILLERS_EN.split(), "zh": _FILLERS_ZH.split()}
_ASKING: Mapping[Language, Sequence[str]] = {
    "en": ("what", "which", "who", "when", "where", "how", "why"),
    "zh": ("什么", "哪个", "谁", "何时", "哪里", "如何", "为什么"),
}
_SENTENCE = re.compile(r"(?<=[。！？；!?])|(?<=[.;])(?=\s)|\n+")
_PIECE = re.compile(r"[^\W_]+|[^\w\s]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A made question and the chunk that it was made from."""

    text: str
    chunk: str


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause as pieces `(surface, word)`; `word` is None for grammar, `replaced` are the words to give way."""

    chunk: Chunk
    pieces: Sequence[tuple[str, str | None]]
    replaced: frozenset[str]


def make_questions(
    chunks: Sequence[Chunk], language: Language, embed: Embed, *, count: int = QUESTIONS, seed: int = 0
) -> list[Question]:
    """Makes up to `count` different questions from chunks of one language.

    At most `SHARED` of a question's content words occur in its chunk or heading.
    """
    dice = random.Random(seed)  # noqa: S311 equal seeds must give equal questions
    written: dict[str, str] = {}
    frequency: Counter[str] = Counter()
    for chunk in chunks:
        own = {word: surface for surface, word in _pieces(chunk.text, language) if word}
        frequency.update(own.keys())
        written = own | written
    clauses = list(_clauses(chunks, language, frequency, dice, count))
    replaced = {word for clause in clauses for word in clause.replaced}
    common = [
        w for w, _ in frequency.most_common() if len(w) > 1 and not w.isdigit() and tokens.language(w) == language
    ]
    near = _neighbours(
        {word: written[word] for word in sorted(replaced)}, [written[w] for w in common[:_VOCABULARY]], embed
    )
    made = (_question(clause, near, language, dice) for clause in clauses)
    return list({question.text: question for question in made if question}.values())[:count]


def shared(question: str, chunk: Chunk) -> float:
    """Share of the question's content words that its chunk or heading holds; a Chinese word also as a part."""
    asked = set(tokens.content_words(question))
    text = tokens.fold(f"{chunk.heading}\n{chunk.text}")
    own = set(tokens.content_words(text))
    return sum(1 for word in asked if word in own or (not word.isascii() and word in text)) / max(1, len(asked))


def _clauses(
    chunks: Sequence[Chunk], language: Language, frequency: Counter[str], dice: random.Random, count: int
) -> Iterator[_Clause]:
    """Draws clauses, turning through the chunks in random order, a fifth more than are needed."""
    order = dice.sample(chunks, len(chunks))
    for turn, chunk in zip(range(count + count // 5), cycle(order)):
        sentences = [_pieces(text, language) for text in _SENTENCE.split(chunk.text) if text.strip()]
        sentences = [s for s in sentences if len({word for _, word in s if word}) >= _WORDS[0]]
        if not sentences:
            continue
        pieces = dice.choice(sentences)
        places = [place for place, (_, word) in enumerate(pieces) if word]
        length = min(len(places), dice.randint(*_WORDS))
        start = dice.randrange(len(places) - length + 1)
        clause = pieces[places[start] : places[start + length - 1] + 1]
        words = list(dict.fromkeys(word for _, word in clause if word))
        rare_first = turn % 2 == 0
        words.sort(key=lambda word: (word.isdigit(), frequency[word] if rare_first else -frequency[word]))
        yield _Clause(chunk, clause, frozenset(words[: (len(words) + 1) // 2]))


def _neighbours(words: Mapping[str, str], common: Sequence[str], embed: Embed) -> dict[str, list[str]]:
    """For each word (given with its written form), the nearest of `common`, nearest first."""
    if not common or not words:
        return {}
    near = np.argsort(-(embed(list(words.values())) @ embed(common).T), axis=1, kind="stable")[:, :_NEIGHBOURS]
    rows: list[list[int]] = near.tolist()
    return {word: [common[place] for place in row] for word, row in zip(words, rows, strict=True)}


def _question(
    clause: _Clause, near: Mapping[str, Sequence[str]], language: Language, dice: random.Random
) -> Question | None:
    text = tokens.fold(f"{clause.chunk.heading}\n{clause.chunk.text}")
    own = set(tokens.content_words(text))
    substitutes: dict[str, str] = {}
    for word in sorted(clause.replaced):
        options = [*near.get(word, ()), *dice.sample(_FILLERS[language], 8)]
        taken = substitutes.values()
        substitutes[word] = next(
            (o for o in options if o not in text and own.isdisjoint(tokens.content_words(o)) and o not in taken), ""
        )
    body = [substitutes[word] if word in clause.replaced else surface for surface, word in clause.pieces]
    asking = dice.choice(_ASKING[language])
    question = " ".join([asking, *filter(None, body)]) + "?" if language == "en" else "".join(body) + asking + "？"
    return Question(text=question, chunk=clause.chunk.id) if shared(question, clause.chunk) <= SHARED else None


def _pieces(text: str, language: Language) -> list[tuple[str, str | None]]:
    """Splits a text into words and grammar: `(surface, content word or None)`."""
    folded = tokens.fold(text)
    if language == "zh":
        return [(word, word if tokens.content_words(word) else None) for word in tokens.segment(folded)]
    return [(piece, next(iter(tokens.content_words(piece)), None)) for piece in _PIECE.findall(folded)]
