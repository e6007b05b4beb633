"""What embeds texts, and what ranks documents for a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

__all__ = ["Embedded", "Embedder", "Ranked", "Reranker"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Embedded:
    """Vectors of texts, in their order, each of the model's dimension; and the tokens that were read."""

    vectors: Sequence[Sequence[float]]
    tokens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """How well each document answers the query, in their order, larger is better; and the tokens that were read."""

    scores: Sequence[float]
    tokens: int


@runtime_checkable
class Embedder(Protocol):
    """A model that embeds."""

    async def embed(self, texts: Sequence[str], *, lane: str = "", background: bool = False) -> Embedded:
        """Return a vector for each text.

        Args:
            texts: At least one.
            lane: Whose call it is; lanes take turns.
            background: Whether it may wait for calls that somebody waits for.

        Raises:
            ModelError: There are no vectors.
        """
        ...

    async def close(self) -> None:
        """Release what it holds."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """A model that ranks."""

    async def rerank(self, query: str, documents: Sequence[str], *, lane: str = "", background: bool = False) -> Ranked:
        """Return a score for each document; arguments as of `Embedder.embed`.

        Raises:
            ModelError: There are no scores.
        """
        ...

    async def close(self) -> None:
        """Release what it holds."""
        ...
