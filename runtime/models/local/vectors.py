"""What a model that embeds or ranks can do, in its own process: one vector, or one score, for each text.

Each text is computed alone: beside others it would lie in other cells, and its vector would differ by what its
neighbours are (see `cache`). So the same text always has the same vector; side by side would gain 20 % at best.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import numpy as np

from ...base.errors import Json
from ..errors import FrameInvalid, ModelError, ModelRefused, PromptTooLong
from .frames import FrameWriter
from .gguf import Header, read_header
from .native import Aborted, Native, Row

__all__ = ["Vectors", "ranking_pieces"]

WINDOW: Final = 2048
"""Tokens of a text at most: they are computed at once, which takes memory for the square of their number."""
MEAN, RANK = 1, 4
"""Ways of llama.cpp to make one vector of many: their mean, and a score."""


class Vectors:
    """A loaded model and the frames that it answers.

    Args:
        load: The `load` frame.
        writer: Where answers go.

    Raises:
        ModelError: The file is no model, or it cannot be loaded.
    """

    def __init__(self, load: dict[str, Json], writer: FrameWriter) -> None:
        self._writer = writer
        path = Path(str(load["path"]))
        header = read_header(path)
        pooling = header.number(f"{header.architecture}.pooling_type") or MEAN
        self._ranks = pooling == RANK
        window = min(cast("int", load["n_ctx"]), header.context_length or WINDOW, WINDOW)
        threads = cast("int", load["threads"])
        self._native = Native(str(path), n_ctx=window, n_batch=window, sequences=1, threads=threads, pooling=pooling)
        self._vocabulary = self._native.vocabulary
        self._window = window
        self._template = header.text("tokenizer.chat_template.rerank")
        self._id: Json = None
        self.info = _info(header, window, self._native, ranks=self._ranks)

    def abort(self, stop: bool) -> None:
        """Set or clear the flag that interrupts the model. Any thread may call it."""
        self._native.abort(stop)

    def serve(self, frame: dict[str, Json], *, cancelled: bool) -> None:
        """Answer one request.

        Raises:
            ModelError: It failed; nothing final has been written.
        """
        self._id = frame.get("id")
        serve = {"embed": self._embed, "rerank": self._rerank}
        if (method := serve.get(str(frame.get("op")))) is None:
            raise FrameInvalid(f"The operation {frame.get('op')!r} is unknown.")
        try:
            if not cancelled:
                return method(frame)
        except Aborted:
            pass
        return self._write("end", reason="cancelled", usage={}, timings={})

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

    def _write(self, kind: str, **data: Json) -> None:
        self._writer.write({"type": kind, "id": self._id, **data})


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
