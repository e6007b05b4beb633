"""What is learned from outcomes: how likely a deployment is to succeed with a request.

A k-nearest-neighbour estimate over embeddings of the last message: the outcomes of a deployment's sixteen most similar
requests, weighted by similarity, drawn towards the deployment's own mean. Source of the idea: RouteLLM (arXiv
2406.18665), whose similarity-weighted ranking needs no training beyond remembering.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .errors import ModelOutputInvalid
from .routing import Routing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Embed", "Learner", "Outcome", "outcomes_of"]

Embed: TypeAlias = Callable[[str], Awaitable[Sequence[float]]]
"""Gives the embedding of a text."""

NEIGHBOURS: Final = 16
KEPT: Final = 4000
"""Outcomes that are remembered of a deployment; older ones are forgotten."""
DRAWN: Final = 2.0
"""How many neighbours' worth of weight the mean has."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request: the deployment, the request's embedding, and a score from 0 to 1."""

    deployment: str
    vector: Sequence[float]
    score: float


class Learner:
    """Remembers outcomes and expects the next ones.

    Args:
        embed: Gives embeddings.
        routing: How many outcomes are enough.
        load: Gives the outcomes that were recorded, oldest first.
    """

    def __init__(self, embed: Embed, routing: Routing, load: Callable[[], Awaitable[Iterable[Outcome]]]) -> None:
        self._embed = embed
        self._routing = routing
        self._load = load
        self._known: dict[str, deque[Outcome]] | None = None
        self._matrices: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}

    async def embed(self, text: str) -> Sequence[float]:
        """Return a text's embedding."""
        return await self._embed(text)

    def forget(self) -> None:
        """Read the outcomes again when they are next needed: somebody has changed one."""
        self._known = None
        self._matrices = {}

    def learn(self, outcome: Outcome) -> None:
        """Remember one more."""
        if self._known is not None:
            self._known.setdefault(outcome.deployment, deque(maxlen=KEPT)).append(outcome)
            self._matrices.pop(outcome.deployment, None)

    async def expect(self, vector: Sequence[float]) -> Mapping[str, float]:
        """Return how likely each deployment with enough outcomes is to succeed with a request."""
        if self._known is None:
            loaded = [*await self._load()]
            self._known = {}
            for outcome in loaded:
                self._known.setdefault(outcome.deployment, deque(maxlen=KEPT)).append(outcome)
        enough = [name for name, found in self._known.items() if len(found) >= self._routing.outcomes]
        return {name: self._estimate(name, vector) for name in enough}

    def _estimate(self, name: str, vector: Sequence[float]) -> float:
        import numpy as np

        vectors, scores = self._matrix(name)
        near = vectors @ _unit(np.asarray(vector, np.float32))
        best = np.argsort(-near)[:NEIGHBOURS]
        weights = np.clip(near[best], 0.0, None)
        mean = float(scores.mean())
        return float((weights @ scores[best] + DRAWN * mean) / (weights.sum() + DRAWN))

    def _matrix(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        import numpy as np

        if name not in self._matrices:
            found = (self._known or {})[name]
            vectors = np.stack([_unit(np.asarray(one.vector, np.float32)) for one in found])
            self._matrices[name] = vectors, np.asarray([one.score for one in found], np.float32)
        return self._matrices[name]


def outcomes_of(
    vector: Sequence[float],
    deployment: str | None,
    error: str | None,
    attempts: Iterable[Mapping[str, Any]],
    score: float | None = None,
) -> Iterator[Outcome]:
    """Yield what a call says of each deployment that was asked; one that was down says nothing.

    Args:
        vector: The request's embedding.
        deployment: Who answered, or was asked last.
        error: The code of the error that the call ended with.
        attempts: Those who were asked before.
        score: What somebody thinks of the answer.
    """
    for attempt in attempts:
        if "doubt" in attempt or attempt.get("code") == ModelOutputInvalid.code:
            yield Outcome(attempt["deployment"], vector, 0.0)
    if deployment is not None and error in (None, ModelOutputInvalid.code):
        yield Outcome(deployment, vector, (0.0 if error else 1.0) if score is None else score)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    return vector / (float(np.linalg.norm(vector)) or 1.0)
