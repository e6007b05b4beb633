"""What a model that embeds or ranks can do, in its own process: one vector, or one score, for each text.

Each text is computed alone: beside others it would lie in other cells, and its vector would differ by what its
neighbours are (see `cache`). So the same text always has the same vector; side by side would gain 20 % at best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import numpy as np

from ...base.errors import Json
from ..errors import ModelError, ModelRefused, PromptTooLong
from .gguf import Header
from .native import Native, Row
from .serving import FrameService, Method

__all__ = ["Vectors", "ranking_pieces"]

WINDOW: Final = 2048
"""Tokens of a text at most: they are computed at once, which takes memory for the square of their number."""
MEAN, RANK = 1, 4
"""Ways of llama.cpp to make one vector of many: their mean, and a score."""


class Vectors(FrameService):
    """A model that embeds texts or ranks documents."""

    def _load(self, path: str, header: Header, load: dict[str, Json]) -> Native:
        pooling = header.number(f"{header.architecture}.pooling_type") or MEAN
        self._ranks = pooling == RANK
        self._window = window = min(cast("int", load["n_ctx"]), header.context_length or WINDOW, WINDOW)
        threads = cast("int", load["threads"])
        return Native(path, n_ctx=window, n_batch=window, sequences=1, threads=threads, pooling=pooling)

    def _prepare(self, header: Header, load: dict[str, Json]) -> dict[str, Json]:
        self._template = header.text("tokenizer.chat_template.rerank")
        return _info(header, self._window, self._native, ranks=self._ranks)

    @property
    def _methods(self) -> Mapping[str, Method]:
        return {"embed": self._embed, "rerank": self._rerank}

    def _embed(self, frame: dict[str, Json]) -> None:
        if self._ranks:
            raise ModelRefused("The model ranks documents; it does not embed.", fix="Choose one that embeds.")
        texts = cast("list[str]", frame["texts"])
        rows = [self._vocabulary.tokenize(text, special=False, begin=True) for text in texts]
        found = self._pooled(rows, cast("int", frame["first"]), self.info["dimension"])
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        unit = found / np.where(lengths > 0, lengths, 1.0)
        self._write("result", vectors=cast("Json", unit.tolist()), tokens=sum(map(len, rows)))

    def _rerank(self, frame: dict[str, Json]) -> None:
        if not self._ranks:
            raise ModelRefused(
                "The model embeds; it does not rank: its file names no such pooling.",
                fix="Choose a model that was made for ranking.",
            )
        query, documents = str(frame["query"]), cast("list[str]", frame["documents"])
        words = self._vocabulary
        rows = list[list[int]]()
        for document in documents:
            pieces = ranking_pieces(self._template, query, document, words.ends_of_texts)
            rows.append([token for text, special in pieces for token in words.tokenize(text, special=special)])
        found = self._pooled(rows, cast("int", frame["first"]), 1)
        self._write("result", scores=cast("Json", found[:, 0].tolist()), tokens=sum(map(len, rows)))

    def _pooled(self, rows: Sequence[Sequence[int]], first: int, width: Json) -> np.ndarray:
        """Return what the model makes of each row of tokens."""
        self._check(rows, first)
        found = np.empty((len(rows), cast("int", width)), np.float64)
        for index, tokens in enumerate(rows):
            last = len(tokens) - 1
            self._native.decode([Row(token, at, 0, at == last or not self._ranks) for at, token in enumerate(tokens)])
            found[index] = self._native.pooled(0, found.shape[1])
            self._native.keep(0, 0)
            self._write("progress", done=index + 1, total=len(rows))
        if not np.isfinite(found).all():
            raise ModelError("The model made numbers that are none.")
        return found

    def _check(self, rows: Sequence[Sequence[int]], first: int) -> None:
        for index, tokens in enumerate(rows, first):
            if not tokens:
                raise ModelRefused(f"Text {index} is empty.", details={"index": index})
            if len(tokens) > self._window:
                raise PromptTooLong(
                    f"Text {index} has {len(tokens)} tokens; the model reads {self._window}.",
                    fix="Split it into shorter ones.",
                    details={"index": index, "tokens": len(tokens), "context": self._window},
                )


def ranking_pieces(
    template: str | None, query: str, document: str, ends: tuple[str, str, str]
) -> list[tuple[str, bool]]:
    """Return what a ranking model reads, and in which parts control tokens are read as such.

    Args:
        template: What the file says, with `{query}` and `{document}`; None is what BERT's family reads.
        query: The question.
        document: What may answer it.
        ends: Texts of the tokens at the beginning, at the end, and between two texts; those not wanted are empty.
    """
    begin, end, between = ends
    pieces = list[tuple[str, bool]]()
    rest = template or f"{begin}{{query}}{end}{between}{{document}}{end}"
    for name, text in (("{query}", query), ("{document}", document)):
        before, _, rest = rest.partition(name)
        pieces += [(before, True), (text, False)]
    return [piece for piece in (*pieces, (rest, True)) if piece[0]]


def _info(header: Header, window: int, native: Native, *, ranks: bool) -> dict[str, Json]:
    return {
        "name": header.text("general.name") or header.architecture,
        "architecture": header.architecture,
        "context": window,
        "dimension": native.width,
        "ranks": ranks,
        "bytes": header.size,
    }
