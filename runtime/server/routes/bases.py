"""Knowledge bases."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from ...base.errors import Json
from ..guard import Guarded, needs
from ..service import Body, Served, Who

if TYPE_CHECKING:
    from knowledge.library import BaseFacts
    from knowledge.retrieve import Hit

__all__ = ["router"]

router = APIRouter(prefix="/v1/knowledge", route_class=Guarded, tags=["knowledge"])


class NewBase(Body):
    """A base to be made."""

    name: str
    language: str | None = None
    trust: str = "untrusted"
    embedder: str | None = None


class Question(Body):
    """A search."""

    query: str
    k: Annotated[int, Field(ge=1, le=100)] = 5
    filter: dict[str, Any] = Field(default_factory=dict)


@router.get("")
@needs("knowledge:read")
async def list_bases(service: Served, who: Who) -> dict[str, Json]:
    """List the knowledge bases."""
    return {"bases": [_base(facts) for facts in await service.bench.library.list()]}


@router.post("", status_code=201)
@needs("knowledge:write")
async def make_base(service: Served, who: Who, body: NewBase) -> dict[str, Json]:
    """Make an empty base."""
    facts = await service.bench.library.create(
        body.name, language=body.language, trust=body.trust, embedder=body.embedder
    )
    service.bench.apps.forget()
    return _base(facts)


@router.get("/{name}")
@needs("knowledge:read")
async def show_base(service: Served, who: Who, name: str) -> dict[str, Json]:
    """Describe one base."""
    return _base(await asyncio.to_thread(service.bench.library.info, name))


@router.delete("/{name}", status_code=204)
@needs("knowledge:write")
async def remove_base(service: Served, who: Who, name: str) -> Response:
    """Delete a base with everything in it."""
    await service.bench.library.remove(name)
    service.bench.apps.forget()
    return Response(status_code=204)


@router.post("/{name}/documents")
@needs("knowledge:write", upload=True)
async def add_document(
    service: Served,
    who: Who,
    name: str,
    request: Request,
    document: Annotated[str, Query(min_length=1, max_length=1000, description="Its name, with an extension.")],
    more: Annotated[bool, Query(description="Whether others follow at once.")] = False,
) -> dict[str, Json]:
    """Take the request's body in as a document, and say what became of it."""
    report = await service.bench.library.put(name, document, await request.body(), more=more)
    return report.to_json()


@router.post("/{name}/search")
@needs("knowledge:read")
async def search(service: Served, who: Who, name: str, body: Question) -> dict[str, Json]:
    """Find passages."""
    found = await service.bench.library.search(name, body.query, body.k, body.filter)
    return {"hits": [_hit(hit) for hit in found.hits]}


@router.post("/{name}/evaluate")
@needs("knowledge:read", upload=True)
async def evaluate(service: Served, who: Who, name: str, request: Request) -> dict[str, Json]:
    """Measure retrieval on cases: JSON Lines of `{"query", "relevant"}`."""
    text = (await request.body()).decode("utf-8", "replace")
    report = await service.bench.library.evaluate(name, text)
    legs = {"fused": report.fused, "dense": report.dense, "keyword": report.keyword}
    return {"cases": report.cases, **{leg: dict[str, Json](found.to_json()) for leg, found in legs.items()}}


def _base(facts: BaseFacts) -> dict[str, Json]:
    shown = asdict(facts)
    return {key: list(shown[key]) if key == "languages" else shown[key] for key in _BASE}


def _hit(hit: Hit) -> dict[str, Json]:
    return {
        "id": hit.id,
        "text": hit.text,
        "document": hit.document,
        "page": hit.page,
        "start": hit.start,
        "end": hit.end,
        "heading": hit.heading or None,
        "score": hit.score,
        "ranks": dict[str, Json](hit.ranks),
    }


_BASE = ("name", "languages", "embedder", "trust", "documents")
