"""Editing apps."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field

from agents.spec import parse_app
from agents.spec.edit import operation_from_json

from ...base.errors import Json
from ...orchestration.drafts import Change, Draft
from ..guard import Guarded, needs
from ..service import Body, Served, Who

__all__ = ["router"]

_LARGEST: Final = 64 * 1024

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
    found = await service.bench.apps.compilation(draft.bundle, who.workspace)
    diagnostics: list[Json] = [one.to_json() for one in found.diagnostics]
    return {**_shown(draft), "ok": found.ok, "diagnostics": diagnostics, "sketch": found.sketch.to_json()}


@router.post("/{app}/ops")
@needs("apps:write")
async def edit_app(service: Served, who: Who, app: str, body: NewEdit) -> dict[str, Json]:
    """Apply an edit, all of it or nothing; sending it twice is harmless."""
    change = Change(
        client=body.client, seq=body.seq, base=body.base, operations=tuple(map(operation_from_json, body.ops))
    )
    return (await service.bench.drafts.edit(app, change, who.workspace)).to_json()


def _shown(draft: Draft) -> dict[str, Json]:
    parsed = parse_app(draft.bundle.app_text)
    return {
        "app": draft.app,
        "revision": draft.revision,
        "digest": draft.bundle.digest,
        "document": parsed.data,
        "layout": draft.bundle.layout,
        "files": {name: _text(name, content) for name, content in draft.bundle.files.items()},
    }


def _text(name: str, content: bytes) -> str | None:
    """Return a file's text where it is one to edit: not a document of a knowledge base, not a large or binary file."""
    if len(content) > _LARGEST or (name.startswith("kb/") and name.count("/") > 1):
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
