"""Ingestion: files to documents of an index, each on its own, so that one bad file stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final, Literal, TypeAlias, cast

from runtime.base.errors import BaigongError, Json
from runtime.base.plugins import names, pick

from .catalogue import Stored
from .documents import Extracted
from .errors import DocumentUnreadable
from .index import Index
from .ports import Reader, Splitter

__all__ = ["CHUNK", "LARGEST", "Failure", "IngestReport", "Outcome", "Source", "ingest", "sources_of"]

CHUNK: Final = 500
"""Characters of a chunk. Between 400 and 800, recall on English and Chinese passages changes by less than 0.004."""
LARGEST: Final = 100 * 1024 * 1024
"""The most bytes of a file."""

Outcome: TypeAlias = Literal["added", "updated", "unchanged"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A file to be read: the document's name, its extension among the rest, and where its bytes come from."""

    name: str
    load: Callable[[], bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A file that was not taken in, and why."""

    document: str
    error: BaigongError

    def to_json(self) -> dict[str, Json]:
        """Return `{document, code, reason, fix?}`."""
        shown = self.error.to_json()
        data: dict[str, Json] = {"document": self.document, "code": shown["code"], "reason": shown["message"]}
        return {**data, "fix": shown["fix"]} if "fix" in shown else data


@dataclass(kw_only=True, slots=True)
class IngestReport:
    """Names of documents by what became of them."""

    added: list[str] = field(default_factory=list[str])
    updated: list[str] = field(default_factory=list[str])
    unchanged: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    failed: list[Failure] = field(default_factory=list[Failure])

    @property
    def changed(self) -> bool:
        """Whether the index is another than before."""
        return bool(self.added or self.updated or self.removed)

    def to_json(self) -> dict[str, Json]:
        """Return the lists by name."""
        return {
            "added": list[Json](self.added),
            "updated": list[Json](self.updated),
            "unchanged": list[Json](self.unchanged),
            "removed": list[Json](self.removed),
            "failed": [failure.to_json() for failure in self.failed],
        }


def sources_of(paths: Iterable[Path]) -> Iterator[Source]:
    """Return the files, and those below the folders, sorted; hidden ones are left out.

    A document is named by the file's name, or by its path below the folder that was given.
    """
    for path in paths:
        if not path.is_dir():
            yield Source(name=path.name, load=path.read_bytes)
            continue
        for file in sorted(path.rglob("*")):
            below = file.relative_to(path)
            if file.is_file() and not any(part.startswith(".") for part in below.parts):
                yield Source(name=below.as_posix(), load=file.read_bytes)


def ingest(index: Index, source: Source) -> Outcome:
    """Take one file in, unless the index has it already with the same content.

    Raises:
        DocumentUnreadable: The file has no text that can be read; the message has the reason.
        KnowledgeError: The index cannot be written.
    """
    content = _load(source)
    digest = sha256(content).hexdigest()
    known = index.catalogue.hashes().get(source.name)
    if known == digest:
        return "unchanged"
    extracted = _extract(source.name, content)
    spans = cast("Splitter", pick("baigong.splitters", "recursive"))(extracted, size=CHUNK)
    if not spans:
        raise DocumentUnreadable(
            f"{source.name!r} has no text.",
            where=source.name,
            fix="A scan needs text recognition (OCR) first." if source.name.lower().endswith(".pdf") else None,
        )
    index.put(Stored(name=source.name, hash=digest, extracted=extracted, spans=spans))
    return "updated" if known else "added"


def _load(source: Source) -> bytes:
    try:
        content = source.load()
    except OSError as error:
        raise DocumentUnreadable(
            f"{source.name!r} cannot be read: {error.strerror or error}.", where=source.name, fix="Check the path."
        ) from error
    if not content:
        raise DocumentUnreadable(f"{source.name!r} is empty.", where=source.name)
    if len(content) > LARGEST:
        raise DocumentUnreadable(
            f"{source.name!r} is larger than {LARGEST // 1024**2} MiB.", where=source.name, fix="Split the file."
        )
    return content


def _extract(name: str, content: bytes) -> Extracted:
    extension = PurePosixPath(name).suffix.lower().removeprefix(".")
    known = names("baigong.readers")
    if extension not in known:
        raise DocumentUnreadable(
            f"There is no reader for {name!r}.", where=name, fix=f"Readable are: {', '.join(known)}."
        )
    reader = cast("Reader", pick("baigong.readers", extension))
    try:
        return reader(content)
    except Exception as error:  # a parser may fail in any way on a damaged file; this is the edge
        raise DocumentUnreadable(
            f"{name!r} cannot be read as {extension}: {type(error).__name__}: {error}.",
            where=name,
            fix="Open and save it again with the program that made it, or convert it to text.",
        ) from error
