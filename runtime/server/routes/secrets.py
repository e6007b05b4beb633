"""Secrets: set and removed here, never read back."""
# ruff: noqa: A005 the word of the resource; it is always imported through its package

from __future__ import annotations

from fastapi import APIRouter, Response

from ...access import Principal, Secret, SecretInfo, SecretStore
from ...base.errors import Json
from ..guard import Guarded, needs
from ..service import Body, Served, Service, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/secrets", route_class=Guarded, tags=["secrets"])


class Value(Body):
    """A secret's value."""

    value: str


@router.get("")
@needs("secrets:write")
async def list_secrets(service: Served, who: Who) -> dict[str, Json]:
    """List names and times."""
    return {"secrets": [_shown(info) for info in await _store(service, who).list()]}


@router.put("/{name}")
@needs("secrets:write")
async def set_secret(service: Served, who: Who, name: str, body: Value) -> dict[str, Json]:
    """Set a secret, or replace its value."""
    info = await _store(service, who).set(name, Secret(body.value))
    service.bench.apps.forget()
    return _shown(info)


@router.delete("/{name}", status_code=204)
@needs("secrets:write")
async def remove_secret(service: Served, who: Who, name: str) -> Response:
    """Delete a secret."""
    await _store(service, who).remove(name)
    service.bench.apps.forget()
    return Response(status_code=204)


def _store(service: Service, who: Principal) -> SecretStore:
    return service.bench.secrets.of(who.workspace)


def _shown(info: SecretInfo) -> dict[str, Json]:
    return {"name": info.name, "created": info.created, "updated": info.updated}
