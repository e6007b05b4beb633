"""What was spent, by day, app or user."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from ...base.errors import Json
from ..guard import Guarded, needs
from ..service import Served, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/usage", route_class=Guarded, tags=["runs"])


@router.get("")
@needs("runs:read")
async def usage(
    service: Served,
    who: Who,
    by: Literal["day", "app", "user"] = "day",
    days: Annotated[int, Query(ge=1, le=3660)] = 30,
) -> dict[str, Json]:
    """Return what the workspace has spent in the last days, today among them."""
    since = (date.today() - timedelta(days=days - 1)).isoformat()  # noqa: DTZ011 as the days are counted: where we run
    found = await service.bench.engine.spending.usage(who.workspace, since=since, by=by)
    return {"since": since, "by": by, "usage": [*found]}
