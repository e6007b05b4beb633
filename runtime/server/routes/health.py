"""Whether the server lives and can work, and what it has counted."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from ...base.errors import Json
from ...base.version import VERSION
from ..guard import Guarded, needs
from ..service import Served

__all__ = ["router"]

router = APIRouter(route_class=Guarded, tags=["health"])


@router.get("/healthz")
@needs(None)
async def healthz() -> dict[str, Json]:
    """Say that the process lives."""
    return {"status": "ok"}


@router.get("/readyz")
@needs(None)
async def readyz(service: Served) -> dict[str, Json]:
    """Say that the database answers."""
    await service.bench.engine.runs.counts()
    return {"status": "ready", "version": VERSION}


@router.get("/metrics", response_class=PlainTextResponse)
@needs("metrics:read")
async def metrics(service: Served) -> PlainTextResponse:
    """Return counters in the Prometheus text format."""
    turns = service.bench.engine.turns
    counts = await service.bench.engine.runs.counts()
    text = service.metrics.text(counts, working=turns.working, queued=turns.waiting)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")
