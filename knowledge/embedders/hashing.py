"""`hashing`: an embedder without a model, for tests and machines without one.

Each token of the keyword leg adds ±1 to one of the dimensions. Source: Weinberger et al., "Feature Hashing for Large
Scale Multitask Learning", 2009 (arXiv 0902.2206).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from ..ports import Matrix
from ..tokens import index_tokens

__all__ = ["Hashing"]


class Hashing:
    """Texts that share words have similar vectors; nothing else does."""

    dimension = 256
    languages = ("en", "zh")

    def __init__(self, *, threads: int) -> None:
        del threads

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return `(len(texts), 256)`; a text without a word is the first unit vector."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for token in index_tokens(text):
                number = int.from_bytes(blake2b(token.encode(), digest_size=8).digest(), "big")
                row[number % self.dimension] += 1.0 if number >> 63 else -1.0
            if not row.any():
                row[0] = 1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
