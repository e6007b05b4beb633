"""Knowledge as runs see it: an app's own bases are made from its bundle, and every search goes one way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agents.context import RetrieveReply, RetrieveRequest
from agents.graph import CompiledApp
from agents.spec import BaseInfo, Bundle, Document, parse_yaml
from agents.spec.document import KnowledgeNeed

from ..base.errors import Json
from ..base.labels import Integrity
from .errors import BaseUnknown

if TYPE_CHECKING:
    from knowledge.library import BaseFacts, Library
    from knowledge.retrieve import Hit

__all__ = ["Bases"]


class Bases:
    """Implements `Retriever` over the home's knowledge library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def prepare(self, document: Document, bundle: Bundle) -> None:
        """Make and fill the bases whose recipes the bundle carries; what is there already is left alone."""
        for alias, need in document.requires.knowledge.items():
            if need.recipe is not None and need.recipe in bundle.files:
                recipe = _recipe(bundle, need.recipe)
                languages = [str(one) for one in _listed(recipe.get("language"))]
                await self._library.ensure(
                    _own(document.app.id, alias),
                    _documents(bundle, recipe),
                    language=languages[0] if len(languages) == 1 else None,
                    trust=str(recipe.get("trust", "untrusted")),
                )

    async def infos(self, document: Document, bundle: Bundle) -> dict[str, BaseInfo]:
        """Return what is known of the bases that an app names; of one that its bundle will make, what it will be."""
        found: dict[str, BaseInfo] = {}
        known = {facts.name: facts for facts in await self._library.list()}
        for alias, need in document.requires.knowledge.items():
            name = _name(document.app.id, alias, need)
            facts = known.get(name) or self._planned(name, need, bundle)
            if facts is not None:
                found[alias] = BaseInfo(
                    name=facts.name,
                    languages=facts.languages,
                    embedder=facts.embedder,
                    embedder_languages=facts.embedder_languages,
                    dimension=facts.dimension,
                    trust=Integrity[facts.trust.upper()],
                    documents=facts.documents,
                )
        return found

    def _planned(self, name: str, need: KnowledgeNeed, bundle: Bundle) -> BaseFacts | None:
        if need.recipe is None or need.recipe not in bundle.files:
            return None
        recipe = _recipe(bundle, need.recipe)
        trust = str(recipe.get("trust", "untrusted"))
        if trust.upper() not in Integrity.__members__:
            return None
        languages = tuple(str(one) for one in _listed(recipe.get("language")))
        return self._library.planned(name, languages=languages, trust=trust, documents=len(_documents(bundle, recipe)))

    async def search(self, app: CompiledApp, workspace: str, request: RetrieveRequest) -> RetrieveReply:
        """Search the base that the app's alias stands for.

        Raises:
            BaseUnknown: The app declares no such base.
            KnowledgeError: It cannot be searched.
        """
        need = app.document.requires.knowledge.get(request.base)
        if need is None:
            raise BaseUnknown(f"The app {app.id!r} declares no base {request.base!r}.", where=app.id)
        name = _name(app.id, request.base, need)
        result = await self._library.search(name, request.query, k=request.k, filter=dict(request.filter))
        passages = tuple(map(_passage, result.hits))
        return RetrieveReply(passages=passages, citations=tuple(map(_citation, passages)), text=_numbered(passages))

    async def close(self) -> None:
        """Close the library."""
        await self._library.close()


def _own(app: str, alias: str) -> str:
    return f"{app}--{alias}"


def _name(app: str, alias: str, need: KnowledgeNeed) -> str:
    return _own(app, alias) if need.recipe is not None else need.base or alias


def _recipe(bundle: Bundle, name: str) -> Mapping[str, Json]:
    data = parse_yaml(bundle.text(name), name).data
    return data if isinstance(data, dict) else {}


def _documents(bundle: Bundle, recipe: Mapping[str, Json]) -> dict[str, bytes]:
    """Return the files of the folders that the recipe names, by their names within them."""
    files: dict[str, bytes] = {}
    for folder in _listed(recipe.get("documents")):
        prefix = f"kb/{folder}/"
        files.update(
            {name[len(prefix) :]: content for name, content in bundle.files.items() if name.startswith(prefix)}
        )
    return files


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _passage(hit: Hit) -> dict[str, Json]:
    passage: dict[str, Json] = {
        "id": hit.id,
        "text": hit.text,
        "document": hit.document,
        "start": hit.start,
        "end": hit.end,
        "score": hit.score,
        "heading": hit.heading,
    }
    return passage if hit.page is None else {**passage, "page": hit.page}


def _citation(passage: dict[str, Json]) -> dict[str, Json]:
    kept = {key: passage[key] for key in ("id", "document", "page", "start", "end") if key in passage}
    return {**kept, "quote": passage["text"]}


def _numbered(passages: tuple[dict[str, Json], ...]) -> str:
    lines = [f"[{at}] {one['document']}: {one['text']}" for at, one in enumerate(passages, start=1)]
    return "\n\n".join(lines)
