"""Events from outside, for runs that wait for them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from ...base.errors import Json
from ..guard import Guarded, needs
from ..service import Body, Served, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/events", route_class=Guarded, tags=["runs"])


class NewEvent(Body):
    """Something that has happened.

    Attributes:
        name: Its name, as in the `event` of a `wait` node.
        key: Which of the things of that name, as in its `key`.
        data: What it says.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
    key: Annotated[str, Field(max_length=500)] | None = None
    data: Any = None


@router.post("")
@needs("runs:write")
async def deliver_event(service: Served, who: Who, body: NewEvent) -> dict[str, Json]:
    """Give an event to every run of the workspace that waits for it, and list those runs."""
    found = await service.bench.engine.deliver(
        body.name, key=body.key, data=body.data, by=who.id, workspace=who.workspace
    )
    return {"runs": [*found]}
