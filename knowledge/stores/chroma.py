"""`chroma`: vectors in an embedded Chroma database, one collection per knowledge base."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import IndexBroken
from ..ports import Hits, Matrix

if TYPE_CHECKING:
    import chromadb
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateCollectionConfiguration

__all__ = ["Chroma"]

_BATCH = 1000
"""Vectors or ids per call; Chroma passes them to SQLite, which bounds the number of parameters."""
_INDEX: Final[CreateCollectionConfiguration] = {"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200}}


class Chroma:
    """Vectors under a folder that this process alone uses.

    Args:
        folder: Where the database lies; made at first use.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client: ClientAPI | None = None

    def put(self, base: str, ids: Sequence[str], vectors: Matrix, document: str) -> None:
        """Store vectors of one document's chunks."""
        collection = self._collection(base)
        for start in range(0, len(ids), _BATCH):
            part = list(ids[start : start + _BATCH])
            collection.upsert(
                ids=part, embeddings=vectors[start : start + _BATCH], metadatas=[{"document": document} for _ in part]
            )

    def drop(self, base: str, ids: Sequence[str]) -> None:
        """Delete vectors."""
        collection = self._collection(base)
        for start in range(0, len(ids), _BATCH):
            collection.delete(ids=list(ids[start : start + _BATCH]))

    def ids(self, base: str) -> set[str]:
        """Return all ids of a base."""
        return set(self._collection(base).get(include=[])["ids"])

    def search(self, base: str, queries: Matrix, *, depth: int, documents: Collection[str] | None = None) -> list[Hits]:
        """Return the nearest vectors by cosine, approximately (HNSW)."""
        collection = self._collection(base)
        where: Any = None if documents is None else {"document": {"$in": sorted(documents)}}
        count = min(depth, collection.count())
        if not count or not len(queries) or documents == frozenset():
            return [[] for _ in queries]
        found = collection.query(query_embeddings=queries, n_results=count, where=where, include=["distances"])
        distances = found["distances"] or []
        return [
            [(chunk, 1.0 - distance) for chunk, distance in zip(ids, row, strict=True)]
            for ids, row in zip(found["ids"], distances, strict=True)
        ]

    def remove(self, base: str) -> None:
        """Delete a base's collection."""
        client = self._open()
        if _name(base) in {collection.name for collection in client.list_collections()}:
            client.delete_collection(_name(base))

    def close(self) -> None:
        """Let go of the client; Chroma has written everything."""
        self._client = None

    def _collection(self, base: str) -> chromadb.Collection:
        return self._open().get_or_create_collection(_name(base), configuration=_INDEX, embedding_function=None)

    def _open(self) -> ClientAPI:
        if self._client is None:
            import chromadb
            from chromadb.config import Settings

            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                self._client = chromadb.PersistentClient(
                    str(self._folder), settings=Settings(anonymized_telemetry=False)
                )
            except (OSError, ValueError, RuntimeError) as error:
                raise IndexBroken(
                    f"The vector index cannot be opened: {error}.",
                    where=str(self._folder),
                    fix="Delete the folder and add the documents again.",
                ) from error
        return self._client


def _name(base: str) -> str:
    """Chroma wants at least three characters."""
    return f"base.{base}"
