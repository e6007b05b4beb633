"""The keyword leg: BM25 of SQLite FTS5 over tokens that are made here, one table per language.

Two tables keep the statistics of the languages apart: the length of a Chinese chunk, which counts words and bigrams,
says nothing of an English one. The tables lie in the catalogue's database, so that a document and its tokens are
committed together.
"""
# ruff: noqa: S608 the tables' names are constants

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from typing import Final

from ..tokens import Language, index_tokens, language, match_expression, query_tokens

__all__ = ["Keyword"]

_LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
_FOREIGN: Final = 0.5
"""Factor on a BM25 score of a chunk in another language than the query: the two tables' scores are no one scale."""


class Keyword:
    """Words of chunks, by the row number of the chunk.

    Args:
        connection: The catalogue's connection; the caller begins and commits.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def create(self) -> None:
        """Make the tables."""
        for name in _LANGUAGES:
            self._connection.execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS words_{name} "
                "USING fts5(heading, body, tokenize='unicode61 remove_diacritics 0')"
            )

    def put(self, row: int, written: Language, heading: str, text: str) -> None:
        """Store a chunk's tokens."""
        self._connection.execute(
            f"INSERT INTO words_{written}(rowid, heading, body) VALUES (?, ?, ?)",
            (row, " ".join(index_tokens(heading)), " ".join(index_tokens(text))),
        )

    def drop(self, document: int) -> None:
        """Delete the tokens of a document's chunks."""
        for name in _LANGUAGES:
            self._connection.execute(
                f"DELETE FROM words_{name} WHERE rowid IN (SELECT id FROM chunks WHERE document = ?)", (document,)
            )

    def search(self, query: str, *, depth: int, documents: Collection[int] | None = None) -> list[tuple[int, float]]:
        """Return at most `depth` row numbers with their scores (above 0), best first, of these documents only."""
        expression = match_expression(query_tokens(query))
        if not expression:
            return []
        asked = language(query)
        rows: list[tuple[int, float]] = []
        for name in _LANGUAGES:
            factor = 1.0 if name == asked else _FOREIGN
            rows += [(row, score * factor) for row, score in self._table(name, expression, depth, documents)]
        return sorted(rows, key=lambda row: (-row[1], row[0]))[:depth]

    def _table(
        self, name: Language, expression: str, depth: int, documents: Collection[int] | None
    ) -> list[tuple[int, float]]:
        only = "AND rowid IN (SELECT id FROM chunks WHERE document IN (SELECT value FROM json_each(?)))"
        return self._connection.execute(
            f"SELECT rowid, -bm25(words_{name}) AS score FROM words_{name} WHERE words_{name} MATCH ? "
            f"{'' if documents is None else only} ORDER BY score DESC, rowid LIMIT ?",
            (expression, *(() if documents is None else (json.dumps(sorted(documents)),)), depth),
        ).fetchall()
