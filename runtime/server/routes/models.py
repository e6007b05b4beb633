"""Deployments of models."""

from __future__ import annotations

from fastapi import APIRouter

from ...base.errors import Json
from ..guard import Guarded, needs
from ..service import Served, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/models", route_class=Guarded, tags=["models"])


@router.get("")
@needs("models:read")
async def list_models(service: Served, who: Who) -> dict[str, Json]:
    """List the deployments, preferred ones first, with their capabilities; keys and addresses are not shown."""
    return {
        "models": [
            {
                "id": one.id,
                "caps": [*sorted(one.caps)],
                "context": one.context,
                "price": {"input": one.price.input, "output": one.price.output},
            }
            for one in service.bench.models.fleet.deployments
        ]
    }
