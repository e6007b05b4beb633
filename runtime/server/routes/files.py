"""`files` of the OpenAI-compatible interface: what batches read and write."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from ..guard import Guarded, needs
from ..openai.failures import PREFIX
from ..openai.listing import listed
from ..openai.serving import tell
from ..openai.uploads import file_of, show_file, upload
from ..service import Served, Who

__all__ = ["router"]

router = APIRouter(prefix=f"{PREFIX}/files", route_class=Guarded, tags=["openai"])

MOST: Final = 10_000


@router.post("")
@needs("models:use", upload=True)
async def create(http: Request, service: Served, who: Who) -> Response:
    """Store a file, which comes as a form."""
    return tell(show_file(await upload(http, service.bench.database, who.workspace)))


@router.get("")
@needs("models:use")
async def list_files(
    service: Served,
    who: Who,
    purpose: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
) -> Response:
    """List the files."""
    rows = await service.bench.database.files.list(
        who.workspace, purpose=purpose, after=after, limit=limit + 1, oldest=order == "asc"
    )
    return tell(listed([show_file(row) for row in rows], limit))


@router.get("/{file}")
@needs("models:use")
async def show(file: str, service: Served, who: Who) -> Response:
    """Show a file."""
    return tell(show_file(await file_of(service.bench.database, who.workspace, file)))


@router.get("/{file}/content")
@needs("models:use")
async def content(file: str, service: Served, who: Who) -> Response:
    """Return the content of a file."""
    row = await file_of(service.bench.database, who.workspace, file)
    _, path = await service.bench.database.artifacts.get(row.artifact, who.workspace)
    return FileResponse(path, media_type="application/octet-stream", filename=row.name)


@router.delete("/{file}")
@needs("models:use")
async def remove(file: str, service: Served, who: Who) -> Response:
    """Delete a file; a batch that has begun to read it goes on."""
    await file_of(service.bench.database, who.workspace, file)
    await service.bench.database.files.remove(file, who.workspace)
    return tell({"id": file, "object": "file", "deleted": True})
