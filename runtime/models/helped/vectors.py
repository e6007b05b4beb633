"""Vectors of texts, with those of tools and parameters kept: they come again with every call."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from ..embedding import Embedder

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Vector", "Vectors"]

Vector: TypeAlias = "NDArray[np.float32]"
KEPT: Final = 4096
"""Vectors that are kept, 1.5 KB each."""


class Vectors:
    """Unit vectors by text, the least recently used ones forgotten first.

    Args:
        embedder: What embeds.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._kept: OrderedDict[str, Vector] = OrderedDict()

    async def of(self, texts: Iterable[str], *, lane: str = "") -> dict[str, Vector]:
        """Return the vectors of texts.

        Raises:
            ModelError: There are none.
        """
        wanted = list(dict.fromkeys(texts))
        if missing := [text for text in wanted if text not in self._kept]:
            found = await self._embedder.embed(missing, lane=lane)
            self._kept.update(zip(missing, map(_unit, found.vectors), strict=True))
        for text in wanted:
            self._kept.move_to_end(text)
        answer = {text: self._kept[text] for text in wanted}
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return answer


def _unit(values: Iterable[float]) -> Vector:
    vector = np.asarray(values, np.float32)
    size = float(np.linalg.norm(vector))
    return vector / size if size else vector
