"""Files: uploaded as they are, and downloaded under their names."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse

from ...base.errors import Json
from ..guard import Guarded, needs
from ..service import Served, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/artifacts", route_class=Guarded, tags=["artifacts"])

_SHOWN: Final = ("text/html", "text/plain", "text/markdown", "text/csv", "application/json", "image/png", "image/jpeg")
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@router.post("", status_code=201)
@needs("files:write", own=True, upload=True)
async def upload(
    service: Served, who: Who, request: Request, name: Annotated[str, Query(min_length=1, max_length=1000)]
) -> dict[str, Json]:
    """Store the request's body as a file; `Content-Type` is its media type."""
    kind = request.headers.get("content-type", "application/octet-stream")
    content = await request.body()
    stored = await service.bench.database.artifacts.put(content, name=name, media_type=kind, workspace=who.workspace)
    return {"id": stored["id"], "name": stored["name"], "media_type": stored["media_type"], "size": stored["size"]}


@router.get("/{artifact}", response_class=FileResponse)
@needs("files:read", own=True)
async def download(service: Served, who: Who, artifact: str) -> FileResponse:
    """Return a file. What a browser would run is sandboxed; what it cannot show safely is a download."""
    stored, path = await service.bench.database.artifacts.get(artifact, who.workspace)
    kind = stored["media_type"]
    way = "inline" if kind.partition(";")[0] in _SHOWN else "attachment"
    return FileResponse(
        path,
        media_type=kind,
        headers={
            "Content-Disposition": f"{way}; filename*=UTF-8''{quote(stored['name'])}",
            "Content-Security-Policy": _POLICY,
            "ETag": f'"{artifact}"',
        },
    )
