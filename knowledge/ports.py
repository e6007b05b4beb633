"""What a knowledge base needs of its parts; each part is a plugin.

| entry-point group    | name                      | value             |
|----------------------|---------------------------|-------------------|
| `baigong.readers`    | a file extension, no dot  | a `Reader`        |
| `baigong.splitters`  | any                       | a `Splitter`      |
| `baigong.embedders`  | any, kept with the base   | an `EmbedderType` |
| `baigong.stores`     | any                       | a `VectorsType`   |
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .documents import Extracted, Span

__all__ = ["Embedder", "EmbedderType", "Hits", "Matrix", "Reader", "Splitter", "Vectors", "VectorsType"]

Matrix: TypeAlias = NDArray[np.float32]
"""Unit vectors, one per row: `(texts, dimension)`."""

Hits: TypeAlias = Sequence[tuple[str, float]]
"""What one leg found for one query: chunk id and score, best first."""


class Reader(Protocol):
    """Reads one file format."""

    def __call__(self, content: bytes, /) -> Extracted:
        """Return the text and its sections; whatever it raises means that the file cannot be read."""
        ...


class Splitter(Protocol):
    """Cuts an extracted text into spans, in order, none of them blank."""

    def __call__(self, document: Extracted, /, *, size: int) -> tuple[Span, ...]:
        """Return spans of at most about `size` characters."""
        ...


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that the model knows, as ISO 639-1 codes."""
        ...

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return `(len(texts), dimension)`.

        Raises:
            EmbedderUnavailable: The model cannot be loaded.
        """
        ...


class EmbedderType(Protocol):
    """Makes an embedder that uses at most `threads` processor threads; it loads nothing before the first text."""

    def __call__(self, *, threads: int) -> Embedder:
        """Return the embedder."""
        ...


class Vectors(Protocol):
    """Vectors of many knowledge bases on disk, with exact or approximate search by cosine."""

    def put(self, base: str, ids: Sequence[str], vectors: Matrix, document: str) -> None:
        """Store vectors of one document's chunks; ids that are there already are written over."""
        ...

    def drop(self, base: str, ids: Sequence[str]) -> None:
        """Delete vectors; ids that are not there are ignored."""
        ...

    def ids(self, base: str) -> set[str]:
        """Return all ids of a base."""
        ...

    def search(self, base: str, queries: Matrix, *, depth: int, documents: Collection[str] | None = None) -> list[Hits]:
        """Return for each query at most `depth` ids with their cosines, best first, of the named documents only."""
        ...

    def remove(self, base: str) -> None:
        """Delete a base, if it is there."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


class VectorsType(Protocol):
    """Opens the store in a folder."""

    def __call__(self, folder: Path, /) -> Vectors:
        """Return the store; nothing is imported or opened before its first use."""
        ...
