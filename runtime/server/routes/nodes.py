"""Node types, as an editor's palette shows them."""

from __future__ import annotations

from functools import cache
from typing import cast

from fastapi import APIRouter

from agents.manifest import Manifest
from agents.nodes import MANIFESTS

from ...base.errors import Json
from ..guard import Guarded, needs

__all__ = ["router"]

router = APIRouter(prefix="/v1/nodes", route_class=Guarded, tags=["apps"])


@router.get("")
@needs("apps:read")
async def list_nodes() -> dict[str, Json]:
    """List the node types: group, title in both languages, JSON Schema of the keys of their own, shared options."""
    return {"nodes": _all()}


@cache
def _all() -> list[Json]:
    return [_shown(manifest) for manifest in MANIFESTS.values()]


def _shown(manifest: Manifest) -> Json:
    return {
        "type": manifest.type,
        "group": manifest.group,
        "title": {"en": manifest.en, "zh": manifest.zh},
        "schema": cast("Json", manifest.config.model_json_schema()),
        "accepts": [*sorted(manifest.accepts)],
        "runnable": manifest.runnable,
    }
