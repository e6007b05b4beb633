"""Choosing the next token: penalties, temperature, nucleus, grammar, and a way to end JSON in time.

Written in NumPy on the raw logits, so that one seed gives one answer on every platform, and so that the grammar is
asked about one token first and about the whole vocabulary only when that one is forbidden (llama.cpp's own order in its
server; the other way round a grammar costs more than the model).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..errors import ModelError
from .native import CANDIDATE, Native

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Sampler", "Settings", "log_softmax"]

_PUSH: Final = np.float32(1e4)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How to choose.

    Args:
        temperature: 0 takes the likeliest token.
        top_k: Keep this many tokens; 0 keeps all.
        top_p: Keep the likeliest tokens that together have this probability.
        min_p: Drop tokens less likely than this share of the likeliest.
        repeat_penalty: Divide the logits of tokens of the answer's last `repeat_window` by this; 1 is off.
        repeat_window: Tokens of the answer that count as recent; the prompt's never do, facts must be repeatable.
        seed: Seed of the choice.
    """

    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    repeat_window: int = 64
    seed: int = 0


class Sampler:
    """Chooses the tokens of one answer.

    Args:
        native: The model.
        settings: How to choose.
        grammar: GBNF text that the answer must follow, or None.

    Raises:
        ModelError: llama.cpp cannot read the grammar.
    """

    def __init__(self, native: Native, settings: Settings, grammar: str | None = None) -> None:
        self._native = native
        self._settings = settings
        self._recent: deque[int] = deque(maxlen=settings.repeat_window)
        self._random = np.random.default_rng(settings.seed)
        self._grammar: Any = native.grammar(grammar) if grammar is not None else None
        if grammar is not None and self._grammar is None:
            raise ModelError("llama.cpp cannot read the grammar.", details={"grammar": grammar[:2000]})
        self._one = np.zeros(1, CANDIDATE)
        self._all = np.zeros(native.vocabulary.size if self._grammar else 0, CANDIDATE)
        self.forced = False

    def choose(self, logits: NDArray[np.float32], push: NDArray[np.float64] | None = None) -> int:
        """Choose a token and move on.

        Args:
            logits: One number per token of the vocabulary; not changed.
            push: How strongly each token is to win wherever it is allowed.
        """
        scores = self._penalised(logits)
        token = self._legal(scores)
        if push is not None:
            pushed = self._legal((scores + _PUSH * push).astype(np.float32))
            self.forced = self.forced or pushed != token
            token = pushed
        if self._grammar is not None:
            self._native.accept(self._grammar, token)
        self._recent.append(token)
        return token

    def close(self) -> None:
        """Free the grammar."""
        if self._grammar is not None:
            self._native.free(self._grammar)
            self._grammar = None

    def _penalised(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        penalty = self._settings.repeat_penalty
        if penalty == 1.0 or not self._recent:
            return logits
        scores = logits.copy()
        recent = np.fromiter(set(self._recent), np.int32)
        values = scores[recent]
        scores[recent] = np.where(values > 0, values / penalty, values * penalty)
        return scores

    def _pick(self, scores: NDArray[np.float32]) -> int:
        settings = self._settings
        if settings.temperature <= 0:
            return int(scores.argmax())
        count = min(settings.top_k or len(scores), len(scores))
        best = np.argpartition(scores, -count)[-count:]
        best = best[np.argsort(scores[best])[::-1]]
        weights = np.exp((scores[best] - scores[best[0]]) / settings.temperature, dtype=np.float64)
        weights /= weights.sum()
        keep = (np.cumsum(weights) - weights < settings.top_p) & (weights >= settings.min_p * weights[0])
        keep[0] = True
        weights = np.where(keep, weights, 0.0)
        return int(best[self._random.choice(len(best), p=weights / weights.sum())])

    def _legal(self, scores: NDArray[np.float32]) -> int:
        """Pick a token that the grammar allows."""
        token = self._pick(scores)
        if self._grammar is None or self._allows(token):
            return token
        return self._pick(self._allowed(scores))

    def _allows(self, token: int) -> bool:
        self._one["id"], self._one["logit"] = token, 0.0
        self._native.apply(self._grammar, self._one)
        return bool(self._one["logit"][0] > -math.inf)

    def _allowed(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        self._all["id"] = np.arange(len(scores), dtype=np.int32)
        self._all["logit"] = scores
        self._native.apply(self._grammar, self._all)
        allowed = self._all["logit"].copy()
        if not np.isfinite(allowed).any():
            raise ModelError("The grammar allows no token of the vocabulary.")
        return allowed


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return natural log-probabilities."""
    wide = logits.astype(np.float64)
    top = wide.max()
    return wide - (top + np.log(np.exp(wide - top).sum()))
