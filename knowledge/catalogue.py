"""The catalogue of one knowledge base: a SQLite file with its documents, their chunks and the keyword leg.

A document is written in one transaction, so after a crash it is there completely or not at all. Texts are stored whole;
a chunk is a pair of offsets into its document.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from runtime.base.errors import Json

from .documents import Chunk, Extracted, Span
from .errors import IndexBroken
from .stores.bm25 import Keyword
from .tokens import Language, language

__all__ = ["Catalogue", "Place", "Stored"]

_TABLES = """
CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL, language TEXT NOT NULL,
    metadata TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS chunks(
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, document INTEGER NOT NULL REFERENCES documents(id),
    start INTEGER NOT NULL, stop INTEGER NOT NULL, page INTEGER, heading TEXT NOT NULL, language TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS chunks_of_documents ON chunks(document);
"""
_CHUNKS = """SELECT c.key, substr(d.text, c.start + 1, c.stop - c.start), c.heading, d.name, c.page, c.start, c.stop
FROM chunks c JOIN documents d ON d.id = c.document"""
_ALL_CHUNKS = f"{_CHUNKS} ORDER BY c.id"
_SOME_CHUNKS = f"{_CHUNKS} WHERE c.key IN (SELECT value FROM json_each(?))"  # noqa: S608 two constants


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A document to be written: its name, the SHA-256 of its file, its text and the spans that are searched."""

    name: str
    hash: str
    extracted: Extracted
    spans: Sequence[Span]

    @property
    def chunks(self) -> list[Chunk]:
        """The spans as chunks; their ids change with the document's name and content."""
        return [
            Chunk(
                id=f"{self.hash[:24]}:{number}:{self.name}",
                text=self.extracted.text[span.start : span.end],
                heading=span.heading,
            )
            for number, span in enumerate(self.spans)
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A stored chunk and where it stands."""

    chunk: Chunk
    document: str
    page: int | None
    start: int
    end: int


class Catalogue:
    """One base's SQLite file.

    Args:
        file: The file; its folder exists.

    Raises:
        IndexBroken: The file is damaged or cannot be opened.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_TABLES)
            self._keyword = Keyword(self._connection)
            self._keyword.create()
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def fact(self, name: str) -> Json:
        """Return a stored fact of the base, or None."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return cast("Json", json.loads(row[0])) if row else None

    def state(self, name: str, value: Json) -> None:
        """Store a fact of the base."""
        with self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    def hashes(self) -> dict[str, str]:
        """Return the hash of every document's file by name."""
        return dict(self._connection.execute("SELECT name, hash FROM documents ORDER BY name").fetchall())

    def languages(self) -> tuple[str, ...]:
        """Return the languages of the documents, the most frequent first."""
        rows = self._connection.execute("SELECT language FROM documents GROUP BY language ORDER BY count(*) DESC")
        return tuple(row[0] for row in rows)

    def text(self, name: str) -> str | None:
        """Return a document's text, or None where there is no such document."""
        row = self._connection.execute("SELECT text FROM documents WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def put(self, document: Stored) -> list[str]:
        """Write a document in the place of an older one of its name; return the ids of the older chunks."""
        with self._transaction():
            self._outdate()
            stale = self._delete(document.name)
            extracted = document.extracted
            metadata = json.dumps(dict(extracted.metadata), ensure_ascii=False)
            row = self._connection.execute(
                "INSERT INTO documents(name, hash, language, metadata, text) VALUES (?, ?, ?, ?, ?)",
                (document.name, document.hash, language(extracted.text), metadata, extracted.text),
            ).lastrowid
            for span, chunk in zip(document.spans, document.chunks, strict=True):
                self._put_chunk(row or 0, span, chunk)
        return stale

    def remove(self, name: str) -> list[str]:
        """Delete a document, if it is there; return the ids of its chunks."""
        with self._transaction():
            self._outdate()
            return self._delete(name)

    def chunks(self) -> list[Chunk]:
        """Return all chunks in the order of their writing."""
        rows = self._connection.execute(_ALL_CHUNKS).fetchall()
        return [Chunk(id=row[0], text=row[1], heading=row[2]) for row in rows]

    def count(self) -> int:
        """Return the number of documents."""
        return self._connection.execute("SELECT count(*) FROM documents").fetchone()[0]

    def keys(self) -> set[str]:
        """Return the ids of all chunks."""
        return {row[0] for row in self._connection.execute("SELECT key FROM chunks")}

    def owners_of(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the document's name of every chunk among `ids` that is stored."""
        rows = self._connection.execute(
            "SELECT c.key, d.name FROM chunks c JOIN documents d ON d.id = c.document "
            "WHERE c.key IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(set(ids))),),
        )
        return dict(rows.fetchall())

    def places(self, ids: Sequence[str]) -> dict[str, Place]:
        """Return what is known of these chunks."""
        rows = self._connection.execute(_SOME_CHUNKS, (json.dumps(list(ids)),)).fetchall()
        return {
            row[0]: Place(
                chunk=Chunk(id=row[0], text=row[1], heading=row[2]),
                document=row[3],
                page=row[4],
                start=row[5],
                end=row[6],
            )
            for row in rows
        }

    def matching(self, wanted: Mapping[str, Json]) -> dict[int, str]:
        """Return row number and name of the documents whose metadata, `document` and `language` equal `wanted`."""
        rows = self._connection.execute("SELECT id, name, language, metadata FROM documents").fetchall()
        return {
            row: name
            for row, name, written, metadata in rows
            if _fits({"language": written, **json.loads(metadata), "document": name}, wanted)
        }

    def keyword(self, query: str, *, depth: int, documents: Sequence[int] | None = None) -> list[tuple[str, float]]:
        """Search the keyword leg."""
        rows = self._keyword.search(query, depth=depth, documents=documents)
        numbers = json.dumps([row for row, _ in rows])
        keys = dict(
            self._connection.execute(
                "SELECT id, key FROM chunks WHERE id IN (SELECT value FROM json_each(?))", (numbers,)
            ).fetchall()
        )
        return [(keys[row], score) for row, score in rows]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _outdate(self) -> None:
        """Forget the calibration with the change that makes it stale, so that a crash in between cannot keep it."""
        self._connection.execute("DELETE FROM facts WHERE name = 'calibration'")

    def _put_chunk(self, document: int, span: Span, chunk: Chunk) -> None:
        written: Language = language(chunk.text)
        row = self._connection.execute(
            "INSERT INTO chunks(key, document, start, stop, page, heading, language) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (chunk.id, document, span.start, span.end, span.page, span.heading, written),
        ).lastrowid
        self._keyword.put(row or 0, written, chunk.heading, chunk.text)

    def _delete(self, name: str) -> list[str]:
        found = self._connection.execute("SELECT id FROM documents WHERE name = ?", (name,)).fetchone()
        if not found:
            return []
        keys = [row[0] for row in self._connection.execute("SELECT key FROM chunks WHERE document = ?", found)]
        self._keyword.drop(found[0])
        self._connection.execute("DELETE FROM chunks WHERE document = ?", found)
        self._connection.execute("DELETE FROM documents WHERE id = ?", found)
        return keys

    @contextmanager
    def _transaction(self) -> Generator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise self._broken(error) from error

    def _broken(self, error: sqlite3.Error) -> IndexBroken:
        return IndexBroken(
            f"The catalogue of the knowledge base cannot be used: {error}.",
            where=str(self._file),
            fix="Free disk space or repair the folder's permissions; if the file is damaged, delete the base's folder.",
        )


def _fits(known: Mapping[str, Json], wanted: Mapping[str, Json]) -> bool:
    return all(known.get(key) == value for key, value in wanted.items())
