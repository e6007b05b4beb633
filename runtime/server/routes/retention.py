"""Forgetting what is older than it is to be kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from ...base.errors import Json
from ...orchestration.retention import prune
from ..guard import Guarded, needs
from ..service import Body, Served, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/retention", route_class=Guarded, tags=["runs"])


class Pruning(Body):
    """What is forgotten.

    Attributes:
        days: How long runs are kept whose app does not say otherwise; by default as the settings say.
        dry_run: Whether to count only.
    """

    days: Annotated[int, Field(ge=0, le=36500)] | None = None
    dry_run: bool = False


@router.post("")
@needs("*")
async def forget(service: Served, who: Who, body: Pruning) -> dict[str, Json]:
    """Forget the runs of all workspaces that are older than they are to be kept, and files that nothing names."""
    days = service.bench.settings.retain_days if body.days is None else body.days
    return (await prune(service.bench.database, days=days, dry=body.dry_run)).to_json()
