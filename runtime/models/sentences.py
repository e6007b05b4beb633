"""The sentence embedders of knowledge bases, as deployments: `embedder/minilm`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ..base.errors import BaigongError
from .deployments import Options
from .embedding import Embedded
from .errors import ModelNotConfigured
from .tokens import text_tokens

__all__ = ["Sentences", "SentenceOptions", "Source"]

Source: TypeAlias = Callable[[str], Any]
"""Gives the embedder of a name, as `knowledge.ports.Embedder`."""


class SentenceOptions(Options):
    """The embedder's name among the plugins `baigong.embedders`.

    Args:
        embedder: The name.
    """

    embedder: str = "minilm"


class Sentences:
    """Implements `embedding.Embedder`; one call at a time is computed, in a thread.

    Args:
        name: The deployment's id.
        source: Gives the embedder.
        options: Which one.
    """

    def __init__(self, name: str, source: Source, options: SentenceOptions) -> None:
        self._where = name
        self._source = source
        self._options = options
        self._turn = asyncio.Lock()

    async def embed(self, texts: Sequence[str], *, lane: str = "", background: bool = False) -> Embedded:
        """Return a vector for each text; see `embedding.Embedder.embed`."""
        async with self._turn:
            try:
                found = await asyncio.to_thread(lambda: self._source(self._options.embedder).embed([*texts]).tolist())
            except BaigongError as error:
                raise ModelNotConfigured(error.message, where=self._where, fix=error.fix) from error
        return Embedded(vectors=found, tokens=sum(map(text_tokens, texts)))

    async def close(self) -> None:
        """Do nothing: the embedder belongs to the knowledge bases."""
