"""Editing apps."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter
from pydantic import Field

from agents.graph import CompiledNode
from agents.spec import parse_yaml
from agents.spec.edit import operation_from_json

from ...base.errors import Json
from ...orchestration.drafts import Change, Draft
from ..guard import Guarded, needs
from ..service import Body, Served, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/apps", route_class=Guarded, tags=["apps"])


class NewEdit(Body):
    """An edit: whose, the client's own number of it, the revision that it knows, and operations."""

    client: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
    seq: Annotated[int, Field(ge=1)]
    base: Annotated[int, Field(ge=0)]
    ops: list[dict[str, Any]]


@router.get("/{app}/draft")
@needs("apps:read")
async def show_draft(service: Served, who: Who, app: str) -> dict[str, Json]:
    """Return an app as an editor needs it: its data, layout and texts, and what the compiler says of it."""
    draft = await service.bench.drafts.get(app, who.workspace)
    found = await service.bench.apps.compilation(draft.bundle)
    diagnostics: list[Json] = [one.to_json() for one in found.diagnostics]
    nodes = None if found.app is None else {name: _ports(node) for name, node in found.app.nodes.items()}
    return {**_shown(draft), "ok": found.ok, "diagnostics": diagnostics, "nodes": cast("Json", nodes)}


@router.post("/{app}/ops")
@needs("apps:write")
async def edit_app(service: Served, who: Who, app: str, body: NewEdit) -> dict[str, Json]:
    """Apply an edit, all of it or nothing; sending it twice is harmless."""
    change = Change(
        client=body.client, seq=body.seq, base=body.base, operations=tuple(map(operation_from_json, body.ops))
    )
    return (await service.bench.drafts.edit(app, change, who.workspace)).to_json()


def _ports(node: CompiledNode) -> dict[str, Json]:
    """Return a node's typed ports and its exits."""
    return {
        "inputs": {name: str(kind) for name, kind in node.ports.items()},
        "outputs": {name: str(port.type) for name, port in node.outputs.items()},
        "handles": [*node.handles],
    }


def _shown(draft: Draft) -> dict[str, Json]:
    parsed = parse_yaml(draft.bundle.app_text)
    files: dict[str, Json] = {}
    for name, content in draft.bundle.files.items():
        try:
            files[name] = content.decode()
        except UnicodeDecodeError:
            files[name] = None
    return {
        "app": draft.app,
        "revision": draft.revision,
        "digest": draft.bundle.digest,
        "document": parsed.data,
        "layout": draft.bundle.layout,
        "files": files,
    }
