"""The index of one knowledge base: its catalogue, its vectors, its embedder, kept in step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from runtime.base.errors import Json

from .calibration import DEFAULT, Calibration, calibrate
from .catalogue import Catalogue, Stored
from .fusion import DEPTH
from .ports import Embedder, Hits, Vectors
from .tokens import Language

__all__ = ["Index", "Legs"]

_SAMPLE: Final = 4000
"""The most chunks that calibration looks at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Legs:
    """What both legs found for one query."""

    dense: Hits
    keyword: Hits


class Index:
    """One base's index; not for use by several threads at once.

    Args:
        name: The base's name.
        catalogue: Documents, chunks and the keyword leg.
        vectors: The dense leg, shared by all bases.
        embedder: The base's embedder.
    """

    def __init__(self, *, name: str, catalogue: Catalogue, vectors: Vectors, embedder: Embedder) -> None:
        self.name = name
        self.catalogue = catalogue
        self._vectors = vectors
        self._embedder = embedder

    def put(self, document: Stored) -> None:
        """Write a document in the place of an older one of its name.

        The vectors come first: a chunk in the catalogue always has one, whenever the process dies.
        """
        chunks = document.chunks
        vectors = self._embedder.embed([chunk.embedded for chunk in chunks])
        self._vectors.put(self.name, [chunk.id for chunk in chunks], vectors, document.name)
        stale = set(self.catalogue.put(document)) - {chunk.id for chunk in chunks}
        self._vectors.drop(self.name, sorted(stale))

    def remove(self, document: str) -> None:
        """Delete a document, if it is there."""
        self._vectors.drop(self.name, self.catalogue.remove(document))

    def sweep(self) -> None:
        """Delete vectors whose document never reached the catalogue, because a process died in between."""
        stray = self._vectors.ids(self.name) - self.catalogue.keys()
        self._vectors.drop(self.name, sorted(stray))

    def legs(
        self, queries: Sequence[str], wanted: Mapping[str, Json] | None = None, *, depth: int = DEPTH
    ) -> list[Legs]:
        """Search both legs for each query, among the documents that fit `wanted`."""
        only = self.catalogue.matching(wanted) if wanted else None
        if only is not None and not only:
            return [Legs(dense=[], keyword=[]) for _ in queries]
        dense = self.dense(queries, None if only is None else sorted(only.values()), depth=depth)
        rows = None if only is None else sorted(only)
        return [
            Legs(dense=hits, keyword=self.catalogue.keyword(query, depth=depth, documents=rows))
            for query, hits in zip(queries, dense, strict=True)
        ]

    def dense(
        self, queries: Sequence[str], documents: Sequence[str] | None = None, *, depth: int = DEPTH
    ) -> list[Hits]:
        """Search the dense leg; hits that the catalogue does not know are left out."""
        found = self._vectors.search(self.name, self._embedder.embed(queries), depth=depth, documents=documents)
        known = set(self.catalogue.owners_of([chunk for hits in found for chunk, _ in hits]))
        return [[hit for hit in hits if hit[0] in known] for hits in found]

    def calibrate(self) -> dict[Language, Calibration]:
        """Fit the fusion weights to the present chunks and keep them."""
        chunks = self.catalogue.chunks()
        step = -(-len(chunks) // _SAMPLE) or 1
        found = calibrate(
            chunks[::step],
            {
                "dense": self.dense,
                "keyword": lambda queries: [self.catalogue.keyword(query, depth=DEPTH) for query in queries],
            },
            self._embedder.embed,
            understood=frozenset(self._embedder.languages),
        )
        self.catalogue.state("calibration", {name: _as_json(fitted) for name, fitted in found.items()})
        return found

    def weights(self, asked: Language) -> dict[str, float]:
        """Return the legs' weights for a query of this language."""
        stored = self.catalogue.fact("calibration")
        fitted = stored.get(asked) if isinstance(stored, dict) else None
        weights = fitted.get("weights") if isinstance(fitted, dict) else None
        if isinstance(weights, dict):
            return {name: float(value) for name, value in weights.items() if isinstance(value, int | float)}
        return dict(DEFAULT[asked in self._embedder.languages])

    @property
    def calibrated(self) -> bool:
        """Whether the weights fit the present documents."""
        stored = self.catalogue.fact("calibration")
        return isinstance(stored, dict) and set(stored) == set(get_args(Language))


def _as_json(fitted: Calibration) -> Json:
    return {
        "weights": dict(fitted.weights),
        "questions": fitted.questions,
        "mrr": dict(fitted.mrr),
        "gated": list(fitted.gated),
    }
