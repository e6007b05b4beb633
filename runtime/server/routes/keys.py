"""API keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from ...base.errors import Json
from ..errors import Forbidden
from ..guard import Guarded, needs
from ..service import Body, Served, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/keys", route_class=Guarded, tags=["keys"])


class NewKey(Body):
    """A key to be made: what it may do, for which app, for how long."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[list[str], Field(min_length=1)] = ["*"]
    app: str | None = None
    seconds: Annotated[float, Field(gt=0, le=10 * 365 * 86400)] | None = None


@router.get("")
@needs("keys:write")
async def list_keys(service: Served, who: Who) -> dict[str, Json]:
    """List the keys that are not revoked; the keys themselves are never shown again."""
    return {"keys": [info.to_json() for info in await service.bench.credentials.list(who.workspace)]}


@router.post("", status_code=201)
@needs("keys:write")
async def make_key(service: Served, who: Who, body: NewKey) -> dict[str, Json]:
    """Make a key, which this answer alone shows; it can do no more than its maker."""
    beyond = [scope for scope in body.scopes if not who.may(scope)]
    if beyond:
        raise Forbidden(f"You cannot give the scope {beyond[0]!r}, which you lack.", where="scopes")
    key, info = await service.bench.credentials.issue_key(
        body.name, workspace=who.workspace, scopes=body.scopes, app=body.app, seconds=body.seconds
    )
    return {"key": key, **info.to_json()}


@router.delete("/{key}", status_code=204)
@needs("keys:write")
async def revoke_key(service: Served, who: Who, key: str) -> Response:
    """Revoke a key, by its id."""
    await service.bench.credentials.revoke(key, who.workspace)
    return Response(status_code=204)
