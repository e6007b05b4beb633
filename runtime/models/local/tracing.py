"""What an answer's tokens cost in probability, and what might have stood in their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from ...base.errors import Json
from .sampling import log_softmax
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEAST", "Trace"]

LEAST: Final = -1e9
"""Stands for the logarithm of zero, which is no JSON."""
_BATCH: Final = 256


class Trace:
    """Notes the log-probabilities of the model itself: before temperature, grammar and penalties.

    Args:
        vocabulary: What tokens mean.
        top: Alternatives of each token that are wanted, the likeliest first.
    """

    def __init__(self, vocabulary: Vocabulary, top: int) -> None:
        self._vocabulary = vocabulary
        self._top = top
        self._found: list[tuple[int, float, list[tuple[int, float]]]] = []

    def note(self, logits: NDArray[np.float32], token: int) -> None:
        """Take down the answer's next token."""
        logs = log_softmax(logits)
        best = np.argpartition(logs, -self._top)[-self._top :] if self._top else np.array([], np.int64)
        ranked = sorted(((int(one), float(logs[one])) for one in best), key=lambda pair: (-pair[1], pair[0]))
        self._found.append((token, float(logs[token]), ranked))

    def batches(self, size: int) -> Iterator[list[Json]]:
        """Yield the tokens of the answer's first `size` bytes, in pieces that fit a frame."""
        tokens, begins = list[Json](), 0
        for token, logprob, ranked in self._found:
            if begins >= size:
                break
            begins += len(self._vocabulary.piece(token))
            tokens.append({**self._described(token, logprob), "top": [self._described(*one) for one in ranked]})
        for start in range(0, len(tokens), _BATCH):
            yield tokens[start : start + _BATCH]

    def _described(self, token: int, logprob: float) -> dict[str, Json]:
        piece = self._vocabulary.piece(token)
        shown = piece.decode(errors="replace") if piece else self._vocabulary.text(token)
        return {"token": shown, "bytes": [*piece], "logprob": max(logprob, LEAST)}
