"""The library: all knowledge bases of a folder."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, ParamSpec, TypeAlias, TypeVar, cast

from runtime.base.errors import BaigongError, Json
from runtime.base.plugins import names, pick

from .catalogue import Catalogue
from .errors import BadRequest, BaseEmpty, BaseExists, BaseUnknown
from .evaluation import Case, Metrics, Report, evaluate, parse_cases, ranks_of
from .index import Index
from .ingest import Failure, IngestReport, Source, ingest, sources_of
from .ports import Embedder, EmbedderType, Vectors, VectorsType
from .retrieve import RetrievalPlan, RetrievalResult, retrieve
from .tokens import load as load_words

__all__ = ["BaseFacts", "Library", "Trust"]

P = ParamSpec("P")
T = TypeVar("T")
Trust: TypeAlias = Literal["app", "user", "bounded", "untrusted"]
"""The integrity of what a base says, as its administrator declares it."""

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")
_LANGUAGE: Final = re.compile(r"[a-z]{2}")
_FILE: Final = "catalogue.db"
_NOTHING: Final[dict[str, list[str]]] = {"fused": [], "dense": [], "keyword": []}
_TRUSTS: Final = ("app", "user", "bounded", "untrusted")


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseFacts:
    """A knowledge base: languages as ISO 639-1 codes, the embedder and its vectors, trust, number of documents."""

    name: str
    languages: tuple[str, ...]
    embedder: str
    embedder_languages: tuple[str, ...]
    dimension: int
    trust: Trust
    documents: int


class Library:
    """Knowledge bases under a folder that this process alone uses; work is done on one thread of its own.

    Args:
        folder: Where they lie; made at first use.
        threads: Processor threads of an embedder.
        embedder: The embedder of new bases, by its name among the plugins.
        store: The vector store, by its name among the plugins.
    """

    def __init__(self, folder: Path, *, threads: int = 2, embedder: str = "minilm", store: str = "chroma") -> None:
        self._folder = folder
        self._threads = threads
        self._embedder = embedder
        self._store = store
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="knowledge")
        self._vectors: Vectors | None = None
        self._embedders: dict[str, Embedder] = {}
        self._indexes: dict[str, Index] = {}

    async def create(
        self, name: str, *, language: str | None = None, trust: str = "untrusted", embedder: str | None = None
    ) -> BaseFacts:
        """Make an empty base.

        Raises:
            BaseExists: There is one of this name.
            BadRequest: The name, language, trust or embedder cannot be used.
        """
        return await self._work(self._create, name, language, trust, embedder or self._embedder)

    async def add(self, name: str, paths: Iterable[Path]) -> IngestReport:
        """Take files and folders in; a file that fails is reported and the others go on.

        A cancelled or killed call leaves every finished document; the same call again does the rest.

        Raises:
            BaseUnknown: There is no such base.
            KnowledgeError: The index cannot be written.
        """
        index = await self._work(self._open, name)
        return await self._take_in(index, await self._work(lambda: list(sources_of(paths))), IngestReport())

    async def put(self, name: str, document: str, content: bytes, *, more: bool = False) -> IngestReport:
        """Take one document in, under its name with an extension.

        Args:
            name: The base.
            document: The document's name.
            content: The file's bytes.
            more: Whether others follow, so that work on the whole base is put off to the last of them.

        Raises:
            BaseUnknown: There is no such base.
            KnowledgeError: The index cannot be written.
        """
        index = await self._work(self._open, name)
        source = Source(name=document, load=_constant(content))
        return await self._take_in(index, [source], IngestReport(), calibrate=not more)

    async def ensure(
        self, name: str, files: Mapping[str, bytes], *, language: str | None = None, trust: str = "app"
    ) -> IngestReport:
        """Make a base of exactly these documents (name to content); nothing happens where it is so already.

        Raises:
            BadRequest: The name, language or trust cannot be used.
            KnowledgeError: The index cannot be written.
        """
        if not await self._work(self._exists, name):
            await self.create(name, language=language, trust=trust)
        index = await self._work(self._open, name)
        report = IngestReport()
        for document in sorted(index.catalogue.hashes().keys() - files.keys()):
            await self._work(index.remove, document)
            report.removed.append(document)
        sources = [Source(name=name, load=_constant(content)) for name, content in sorted(files.items())]
        return await self._take_in(index, sources, report)

    async def search(
        self,
        name: str,
        query: str,
        k: int = 5,
        filter: Mapping[str, Json] | None = None,  # noqa: A002 the app's word
    ) -> RetrievalResult:
        """Find passages.

        Raises:
            BaseUnknown: There is no such base.
            BaseEmpty: It has no document.
            BadRequest: The query has no text, or `k` is out of range.
        """
        plan = RetrievalPlan(query=query, k=k, filter=filter or {})
        return (await self._work(lambda: retrieve(self._open(name), [plan])))[0]

    async def evaluate(self, name: str, cases: str) -> Report:
        """Measure retrieval on cases, the text of a JSON Lines file.

        Raises:
            BaseUnknown: There is no such base.
            BaseEmpty: It has no document.
            CasesInvalid: The cases are malformed or name documents that the base does not have.
        """
        return await self._work(self._evaluate, name, cases)

    async def text(self, name: str, document: str) -> str | None:
        """Return a document's text, into which its citations point, or None where there is no such document."""
        return await self._work(lambda: self._open(name).catalogue.text(document))

    async def list(self) -> list[BaseFacts]:
        """Return all bases, sorted by name."""
        return await self._work(lambda: [self.info(name) for name in self._names()])

    async def remove(self, name: str) -> None:
        """Delete a base with everything in it.

        Raises:
            BaseUnknown: There is no such base.
        """
        await self._work(self._remove, name)

    def info(self, name: str) -> BaseFacts:
        """Return what is known of a base; the embedder is not loaded.

        Raises:
            BaseUnknown: There is no such base.
        """
        self._require(name)
        catalogue = Catalogue(self._file(name))
        try:
            language = catalogue.fact("language")
            embedder = str(catalogue.fact("embedder"))
            model = self.embedder(embedder)
            return BaseFacts(
                name=name,
                languages=(language,) if isinstance(language, str) else catalogue.languages(),
                embedder=embedder,
                embedder_languages=model.languages,
                dimension=model.dimension,
                trust=cast("Trust", catalogue.fact("trust")),
                documents=catalogue.count(),
            )
        finally:
            catalogue.close()

    def planned(self, name: str, *, languages: tuple[str, ...], trust: str, documents: int) -> BaseFacts:
        """Return what would be known of a base that is not made yet; the embedder is not loaded."""
        model = self.embedder(self._embedder)
        return BaseFacts(
            name=name, languages=languages, embedder=self._embedder, embedder_languages=model.languages,
            dimension=model.dimension, trust=cast("Trust", trust), documents=documents,
        )  # fmt: skip

    async def close(self) -> None:
        """Close every file."""
        await self._work(self._close)
        self._pool.shutdown()

    async def _work(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: work(*args, **kwargs))

    async def _take_in(
        self, index: Index, sources: Sequence[Source], report: IngestReport, *, calibrate: bool = True
    ) -> IngestReport:
        await self._work(index.sweep)
        for source in sources:
            try:
                getattr(report, await self._work(ingest, index, source)).append(source.name)
            except BaigongError as error:
                if error.status >= 500:
                    raise
                report.failed.append(Failure(document=source.name, error=error))
        if calibrate and index.catalogue.count() and not index.calibrated:
            await self._work(index.calibrate)
        return report

    def _create(self, name: str, language: str | None, trust: str, embedder: str) -> BaseFacts:
        _check(name, language, trust, embedder)
        if self._exists(name):
            raise BaseExists(
                f"There is a knowledge base {name!r} already.", where=name, fix="Add to it, or choose another name."
            )
        part = self._file(name).with_suffix(".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        catalogue = Catalogue(part)
        facts: dict[str, Json] = {"language": language, "trust": trust, "embedder": embedder}
        for key, value in facts.items():
            catalogue.state(key, value)
        catalogue.close()
        part.replace(self._file(name))
        return self.info(name)

    def _evaluate(self, name: str, text: str) -> Report:
        index = self._open(name)
        if not index.catalogue.count():
            raise BaseEmpty(f"The knowledge base {name!r} has no documents.", where=name, fix="Add some first.")
        cases = parse_cases(text, index.catalogue.hashes())
        asked = [case for case in cases if case.query.strip()]
        blank = [case for case in cases if not case.query.strip()]
        results = retrieve(index, [RetrievalPlan(query=case.query, k=10) for case in asked])
        owners = index.catalogue.owners_of([item.id for result in results for item in result.candidates])
        orders = [_orders(result, owners) for result in results] + [_NOTHING] * len(blank)
        cases = asked + blank
        return Report(
            cases=len(cases),
            fused=_metrics(cases, [order["fused"] for order in orders]),
            dense=_metrics(cases, [order["dense"] for order in orders]),
            keyword=_metrics(cases, [order["keyword"] for order in orders]),
        )

    def _open(self, name: str) -> Index:
        if name not in self._indexes:
            self._require(name)
            load_words(self._folder / "cache")
            catalogue = Catalogue(self._file(name))
            embedder = self.embedder(str(catalogue.fact("embedder")))
            self._indexes[name] = Index(
                name=name, catalogue=catalogue, vectors=self._store_of_vectors(), embedder=embedder
            )
        return self._indexes[name]

    def _remove(self, name: str) -> None:
        self._require(name)
        index = self._indexes.pop(name, None)
        if index:
            index.catalogue.close()
        shutil.rmtree(self._file(name).parent)
        self._store_of_vectors().remove(name)

    def _close(self) -> None:
        for index in self._indexes.values():
            index.catalogue.close()
        self._indexes.clear()
        if self._vectors:
            self._vectors.close()

    def embedder(self, name: str) -> Embedder:
        """Return the embedder of a name, which all bases share.

        Raises:
            PluginError: There is none.
        """
        if name not in self._embedders:
            made = cast("EmbedderType", pick("baigong.embedders", name))(threads=self._threads)
            self._embedders.setdefault(name, made)
        return self._embedders[name]

    def _store_of_vectors(self) -> Vectors:
        if self._vectors is None:
            self._vectors = cast("VectorsType", pick("baigong.stores", self._store))(self._folder / "vectors")
        return self._vectors

    def _names(self) -> list[str]:
        return sorted(file.parent.name for file in (self._folder / "bases").glob(f"*/{_FILE}"))

    def _file(self, name: str) -> Path:
        return self._folder / "bases" / name / _FILE

    def _exists(self, name: str) -> bool:
        return bool(_NAME.fullmatch(name)) and self._file(name).is_file()

    def _require(self, name: str) -> None:
        if not self._exists(name):
            known = ", ".join(self._names()) or "none"
            raise BaseUnknown(
                f"There is no knowledge base {name!r}.",
                where=name,
                fix=f"Known are: {known}. Make one: baigong kb create NAME.",
            )


def _check(name: str, language: str | None, trust: str, embedder: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadRequest(
            f"{name!r} cannot be the name of a knowledge base.",
            where="name",
            fix="Use small letters, digits, '-', '_' and '.', at most 100, a letter or digit first and last.",
        )
    if language is not None and not _LANGUAGE.fullmatch(language):
        raise BadRequest(f"{language!r} is no language.", where="language", fix="Use a code such as en or zh.")
    if trust not in _TRUSTS:
        raise BadRequest(f"{trust!r} is no trust.", where="trust", fix=f"Use one of: {', '.join(_TRUSTS)}.")
    known = names("baigong.embedders")
    if embedder not in known:
        raise BadRequest(f"{embedder!r} is no embedder.", where="embedder", fix=f"Known are: {', '.join(known)}.")


def _orders(result: RetrievalResult, owners: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the documents of the candidates in fused order and in each leg's."""
    orders = {"fused": [owners[item.id] for item in result.candidates]}
    for leg in ("dense", "keyword"):
        ranked = [(rank, owners[item.id]) for item in result.candidates if (rank := item.ranks[leg])]
        orders[leg] = [document for _, document in sorted(ranked)]
    return orders


def _metrics(cases: Sequence[Case], orders: Sequence[Sequence[str]]) -> Metrics:
    return evaluate([ranks_of(case.relevant, order) for case, order in zip(cases, orders, strict=True)])


def _constant(content: bytes) -> Callable[[], bytes]:
    return lambda: content
