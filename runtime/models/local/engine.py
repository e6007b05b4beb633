"""What a loaded model can do: answer, score labels. One call at a time, on one thread."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from ..errors import ModelError, PromptTooLong
from .cache import SEQUENCE, Cache, Slot
from .closing import Closer
from .native import Aborted, Full, Native, Row
from .sampling import Sampler, Settings, log_softmax
from .tracing import Trace

if TYPE_CHECKING:
    from .template import Piece

__all__ = ["Engine", "Run"]

CHUNK: Final = 128
"""Prompt tokens per computation: how often progress is reported, and what an abort throws away at most."""
LANES: Final = 12
"""Labels that are scored side by side."""

Progress = Callable[[int, int], None]


@dataclass(kw_only=True, slots=True)
class Run:
    """An answer on its way, and what is known about it so far.

    Args:
        prompt: Tokens of the prompt.
        limit: Tokens that the answer may have.
        grammar: GBNF that it follows, or None.
        reserve: Tokens that are kept back to close the data; from there on closing tokens win.
        spoken: What tokens stand for that steer the model and belong to the answer all the same.
        trace: Where log-probabilities are noted, or None.
        ends: Texts at which the answer stops are the caller's business; this is why it did: `stop`, `length`, `closed`.
    """

    prompt: list[int]
    limit: int
    settings: Settings = field(default_factory=Settings)
    grammar: str | None = None
    reserve: int = 0
    spoken: Mapping[int, bytes] = field(default_factory=dict[int, bytes])
    trace: Trace | None = None
    cached: int = 0
    tokens: int = 0
    ends: str = "length"
    prompt_ms: float = 0.0
    answer_ms: float = 0.0


class Engine:
    """A model with its prefix cache.

    Args:
        native: The loaded model.
        cache: What is already computed.
    """

    SEQUENCES: Final = 1 + LANES
    """Sequences that the context needs."""

    def __init__(self, native: Native, cache: Cache) -> None:
        self.native = native
        self._vocabulary = native.vocabulary
        self._cache = cache
        self._lanes = range(SEQUENCE + 1, self.SEQUENCES)
        self._ends = native.vocabulary.ends
        self._closer: Closer | None = None

    def tokens(self, pieces: Sequence[Piece]) -> list[int]:
        """Return the tokens of a rendered prompt."""
        found = list[int]()
        for index, (text, special) in enumerate(pieces):
            begin = index == 0 and self._vocabulary.adds_bos and not text.startswith(self._vocabulary.bos)
            found += self._vocabulary.tokenize(text, special=special, begin=begin)
        return found

    def answer(self, run: Run, progress: Progress) -> Generator[bytes, None, None]:
        """Compute the prompt and yield the bytes of the answer token by token; `run` tells the rest.

        Raises:
            PromptTooLong: The prompt leaves no room for an answer.
            Aborted: The abort flag was set.
            ModelError: The grammar or the native library failed.
        """
        started = time.perf_counter()
        run.limit = min(run.limit, self._room(run.prompt, min(run.limit, run.reserve)))
        sampler = Sampler(self.native, run.settings, run.grammar)
        slot = self._cache.take(run.prompt)
        run.cached = len(slot.tokens)
        try:
            self._compute(slot, run.prompt, progress)
            run.prompt_ms = (time.perf_counter() - started) * 1e3
            yield from self._steps(run, slot, sampler)
        except Aborted:
            self._cache.restore()
            raise
        finally:
            sampler.close()
            run.answer_ms = (time.perf_counter() - started) * 1e3 - run.prompt_ms

    def _steps(self, run: Run, slot: Slot, sampler: Sampler) -> Iterator[bytes]:
        closer = self._closing(run)
        while True:
            hurry = closer is not None and run.limit - run.tokens <= run.reserve
            logits = self.native.logits(-1)
            token = sampler.choose(logits, closer.push() if closer and hurry else None)
            run.tokens += 1
            complete = token in self._ends
            if not complete:
                if run.trace:
                    run.trace.note(logits, token)
                piece = self._vocabulary.piece(token) or run.spoken.get(token, b"")
                if closer:
                    closer.feed(piece)
                    complete = hurry and closer.complete
                yield piece
            if complete:
                run.ends = "closed" if sampler.forced else "stop"
                return
            if run.tokens >= run.limit:
                return
            self._extend(slot, [token])

    def _closing(self, run: Run) -> Closer | None:
        if run.grammar is None or not run.reserve:
            return None
        if self._closer is None:
            self._closer = Closer([self._vocabulary.piece(token) for token in range(self._vocabulary.size)], self._ends)
        self._closer.reset()
        return self._closer

    def _room(self, prompt: Sequence[int], least: int) -> int:
        """Return the tokens that the context has left behind a prompt."""
        room = self.native.n_ctx - len(prompt)
        if room < max(least, 1) or not prompt:
            raise PromptTooLong(
                f"The prompt has {len(prompt)} tokens; the context has {self.native.n_ctx}, of which the answer needs "
                f"{least}.",
                fix="Shorten it, or choose a model with a larger context.",
                details={"tokens": len(prompt), "context": self.native.n_ctx},
            )
        return room

    def _compute(self, slot: Slot, prompt: Sequence[int], progress: Progress) -> None:
        while left := len(prompt) - (done := len(slot.tokens)):
            # Never one token alone: see `cache`.
            count = CHUNK - 1 if left == CHUNK + 1 else CHUNK
            self._extend(slot, prompt[done : done + count])
            slot.exact = len(slot.tokens)
            progress(slot.exact, len(prompt))

    def _extend(self, slot: Slot, tokens: Sequence[int]) -> None:
        start, last = len(slot.tokens), len(tokens) - 1
        rows = [Row(token, start + index, SEQUENCE, index == last) for index, token in enumerate(tokens)]
        try:
            self.native.decode(rows)
        except Full as error:
            raise ModelError("The context has no room left.") from error
        slot.tokens.extend(tokens)

    # -- scoring ------------------------------------------------------------------------------------------------------

    def score(self, prompt: list[int], labels: Sequence[Sequence[int]], progress: Progress) -> list[float]:
        """Return the log-likelihood of each label, ended, as the answer to `prompt`.

        The prompt is computed once; the labels share it and are computed side by side, so a label costs its own few
        tokens. The end of the answer is part of the label, so that none is the prefix of another.

        Raises:
            PromptTooLong: The prompt leaves no room for the labels.
            Aborted: The abort flag was set.
        """
        longest = max(len(label) for label in labels)
        room = self._room(prompt, longest)
        slot = self._cache.take(prompt)
        try:
            self._compute(slot, prompt, progress)
            first = log_softmax(self.native.logits(-1))
            scores = [float(first[label[0]]) for label in labels]
            width = max(1, min(len(self._lanes), self.native.n_batch // longest, room // longest))
            for start in range(0, len(labels), width):
                for offset, extra in enumerate(self._rest(slot, labels[start : start + width])):
                    scores[start + offset] += extra
        except Aborted:
            self._cache.restore()
            raise
        # The logits of the prompt's last token are gone from the batch; the next prompt must compute it again.
        return scores

    def _rest(self, slot: Slot, labels: Sequence[Sequence[int]]) -> Iterator[float]:
        """Yield, by label, the log-likelihood of its tokens after the first, and of its end."""
        start, rows = len(slot.tokens), list[Row]()
        for lane, label in zip(self._lanes, labels, strict=False):
            self.native.copy(SEQUENCE, lane, start)
            rows += [Row(token, start + index, lane, logits=True) for index, token in enumerate(label)]
        try:
            self.native.decode(rows)
            ends, row = np.fromiter(self._ends, np.int64), 0
            for label in labels:
                total = 0.0
                for index in range(len(label)):
                    logs = log_softmax(self.native.logits(row + index))
                    final = index == len(label) - 1
                    total += float(np.logaddexp.reduce(logs[ends])) if final else float(logs[label[index + 1]])
                row += len(label)
                yield total if math.isfinite(total) else -1e9
        finally:
            for lane in self._lanes:
                self.native.keep(lane, 0)
