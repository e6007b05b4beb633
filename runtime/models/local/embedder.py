"""Local models that embed texts or rank documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..embedding import Embedded, Ranked
from ..errors import ModelError
from .backend import LocalModel
from .residents import Residents
from .turns import Caller
from .weights import Weights

__all__ = ["LocalEmbedder", "LocalReranker"]

AT_ONCE: Final = 32
"""Texts of one turn: so long do other callers wait."""


class _Vectors:
    """A model in a process of its own, which the first call starts.

    Args:
        name: The deployment's id.
        weights: The model file and how to run it.
        context: Tokens that a text may have; never more than 2048 and than the model was trained with.
        allow_unlisted: Whether a file may be used whose digest nobody has listed.
        residents: The local models that share the machine's memory; None is no budget.
    """

    def __init__(
        self,
        name: str,
        weights: Weights,
        context: int = 2048,
        *,
        allow_unlisted: bool = True,
        residents: Residents | None = None,
    ) -> None:
        self.name = name
        self._weights = weights
        self._context = context
        self._allow_unlisted = allow_unlisted
        self._residents = residents
        self._backend: LocalModel | None = None

    @property
    def backend(self) -> LocalModel:
        """The supervised model.

        Raises:
            ModelNotConfigured: There is no model file.
        """
        if self._backend is None:
            self._backend = LocalModel(
                self._weights.file(),
                self._weights,
                self._context,
                mode="vectors",
                allow_unlisted=self._allow_unlisted,
                residents=self._residents,
            )
        return self._backend

    async def close(self) -> None:
        """End the process; a later call starts it again."""
        backend, self._backend = self._backend, None
        if backend:
            await backend.close()

    def _named(self, error: ModelError) -> ModelError:
        error.where = error.where or self.name
        return error


class LocalEmbedder(_Vectors):
    """An `Embedder` whose vectors have the length 1. A file without a pooling of its own gets the mean."""

    async def embed(self, texts: Sequence[str], *, lane: str = "", background: bool = False) -> Embedded:
        """Return a vector for each text; see `Embedder.embed`.

        Raises:
            PromptTooLong: A text is too long; `details.index` says which.
            ModelError: There are no vectors.
        """
        vectors, tokens = list[Sequence[float]](), 0
        try:
            for start, part in _parts(texts):
                found = await self.backend.embed(part, start, Caller(lane, background))
                vectors += found.vectors
                tokens += found.tokens
        except ModelError as error:
            raise self._named(error) from error.__cause__
        return Embedded(vectors=vectors, tokens=tokens)


class LocalReranker(_Vectors):
    """A `Reranker`, from a file that says that its model ranks."""

    async def rerank(self, query: str, documents: Sequence[str], *, lane: str = "", background: bool = False) -> Ranked:
        """Return a score for each document; see `Reranker.rerank`.

        Raises:
            PromptTooLong: The query and a document are too long; `details.index` says which.
            ModelError: There are no scores.
        """
        scores, tokens = list[float](), 0
        try:
            for start, part in _parts(documents):
                found = await self.backend.rerank(query, part, start, Caller(lane, background))
                scores += found.scores
                tokens += found.tokens
        except ModelError as error:
            raise self._named(error) from error.__cause__
        return Ranked(scores=scores, tokens=tokens)


def _parts(texts: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    for start in range(0, len(texts), AT_ONCE):
        yield start, texts[start : start + AT_ONCE]
