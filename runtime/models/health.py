"""How a deployment fares: whether it may be asked now, how fast it is, how often it fails.

The circuit breaker is Nygard's ("Release It!", 2007): closed, open for a while after failures in a row, then half-open:
one call probes, and the others wait for what becomes of it. It works for a single deployment too: a server that is
down is not asked a hundred times a second by a hundred runs that have nobody else to ask.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from ..base.errors import Json
from .bucket import Bucket
from .deployments import Rate
from .errors import ModelBusy, ModelError, ModelResting, ModelTimeout, ModelUnavailable
from .routing import Routing

__all__ = ["SOON", "Health", "Refusal", "Sample"]

WINDOW: Final = 600.0
"""Seconds that count for what is expected of a deployment."""
ENOUGH: Final = 20
"""Samples from which on there is a 95th percentile."""
LONGEST: Final = 300.0
SOON: Final = 0.05
"""Seconds after which a place may have become free."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a deployment is not asked now, and after how many seconds it may be."""

    reason: Literal["open", "probing", "rate", "parallel"]
    seconds: float

    def error(self, name: str) -> ModelResting:
        """Return the error for a call that can only go to this deployment."""
        return ModelResting(
            f"The deployment may not be asked now ({self.reason}), but in {self.seconds:.0f} s.",
            where=name,
            fix="Try again later; `baigong models list` shows why.",
            details={"retry_after": round(self.seconds, 1)},
        )

    def to_json(self) -> dict[str, Json]:
        """Return the form in which decisions show it."""
        return {"reason": self.reason, "seconds": round(self.seconds, 1)}


@dataclass(frozen=True, slots=True)
class Sample:
    """An answer: when it was whole, its seconds, those until its first token, and its tokens."""

    at: float
    seconds: float
    first: float
    tokens: int


class Health:
    """The health of one deployment in this process.

    Args:
        rate: How much it may be asked.
        routing: When it is left alone.
        clock: Gives seconds.
    """

    def __init__(self, rate: Rate, routing: Routing, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._routing = routing
        self._clock = clock
        self._requests = Bucket(rate.rpm, clock) if rate.rpm else None
        self._tokens = Bucket(rate.tpm, clock) if rate.tpm else None
        self._samples: deque[Sample] = deque(maxlen=500)
        self._row = 0
        self._opened = 0
        self._until = 0.0
        self._probing = False
        self._hurried = 0
        self.active = 0
        self.answers = 0
        self.failures = 0
        self.problem: str | None = None

    @property
    def state(self) -> Literal["closed", "open", "half_open"]:
        """The breaker's state."""
        if not self._until:
            return "closed"
        return "open" if self._clock() < self._until else "half_open"

    @contextmanager
    def hurry(self) -> Generator[None]:
        """Let calls in the background wait for as long as somebody waits here for a place."""
        self._hurried += 1
        try:
            yield
        finally:
            self._hurried -= 1

    def refusal(self, tokens: float, *, background: bool = False) -> Refusal | None:
        """Return why it may not be asked for so many tokens now, or None if it may."""
        if background and self._hurried:
            return Refusal("parallel", SOON)
        if self.state == "open":
            return Refusal("open", self._until - self._clock())
        if self.state == "half_open" and self._probing:
            return Refusal("probing", 1.0)
        if self._rate.parallel is not None and self.active >= self._rate.parallel:
            return Refusal("parallel", SOON)
        waits = [bucket.wait(amount) for bucket, amount in ((self._requests, 1.0), (self._tokens, tokens)) if bucket]
        return Refusal("rate", max(waits)) if waits and max(waits) > 0 else None

    def begin(self, tokens: float) -> None:
        """A call begins that takes so many tokens at most."""
        self.active += 1
        self._probing = self.state == "half_open"
        if self._requests:
            self._requests.take(1.0)
        if self._tokens:
            self._tokens.take(tokens)

    def end(self, unused: float = 0.0) -> None:
        """A call is over, whatever became of it; so many of its tokens were not used."""
        self.active -= 1
        self._probing = False
        if self._tokens:
            self._tokens.take(-unused)

    def succeeded(self, seconds: float, first: float, tokens: int) -> None:
        """It answered."""
        self.answers += 1
        self._row = self._opened = 0
        self._until = 0.0
        self.problem = None
        self._samples.append(Sample(self._clock(), seconds, first, tokens))

    def failed(self, error: ModelError) -> None:
        """It did not answer. Only what says that it is ill counts: a wrong request is none of its faults."""
        if isinstance(error, ModelBusy) or not isinstance(error, ModelUnavailable | ModelTimeout):
            return
        self.failures += 1
        self.problem = str(error)[:300]
        asked = error.details.get("retry_after")
        self._row += 1
        if isinstance(asked, int | float) and asked > 0:
            self._until = max(self._until, self._clock() + float(asked))
        elif self._row >= self._routing.failures or self.state == "half_open":
            self._until = self._clock() + min(self._routing.cooldown * 2**self._opened, LONGEST)
            self._opened += 1

    def recent(self) -> list[Sample]:
        """Return the answers of the last ten minutes, oldest first."""
        since = self._clock() - WINDOW
        return [sample for sample in self._samples if sample.at >= since]

    def median(self) -> float | None:
        """Return the median of an answer's seconds, if there were any."""
        return _quantile([sample.seconds for sample in self.recent()], 0.5)

    def p95(self) -> float | None:
        """Return the 95th percentile of an answer's seconds, if there were enough."""
        recent = self.recent()
        return _quantile([sample.seconds for sample in recent], 0.95) if len(recent) >= ENOUGH else None

    def to_json(self) -> dict[str, Json]:
        """Return what the list of models shows."""
        recent = self.recent()
        spoken = sum(sample.seconds - sample.first for sample in recent)
        first = _quantile([sample.first for sample in recent], 0.5)
        return {
            "state": self.state,
            "retry_after": round(self._until - self._clock(), 1) if self.state == "open" else None,
            "active": self.active,
            "answers": self.answers,
            "failures": self.failures,
            "problem": self.problem,
            "recent": len(recent),
            "first_s": first,
            "median_s": _quantile([sample.seconds for sample in recent], 0.5),
            "p95_s": _quantile([sample.seconds for sample in recent], 0.95),
            "tokens_per_s": sum(sample.tokens for sample in recent) / spoken if spoken > 0 else None,
        }


def _quantile(values: list[float], share: float) -> float | None:
    """Return the nearest-rank quantile."""
    if not values:
        return None
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
