"""`batches` of the OpenAI-compatible interface: requests that are answered when nobody waits for a model."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ...storage import BatchRow
from ..errors import ObjectUnknown, ParameterInvalid
from ..guard import Guarded, needs
from ..openai.batch_objects import BatchBody, check_batch, show_batch
from ..openai.failures import PREFIX
from ..openai.listing import listed
from ..openai.serving import tell
from ..openai.uploads import file_of
from ..service import Served, Service, Who

__all__ = ["router"]

router = APIRouter(prefix=f"{PREFIX}/batches", route_class=Guarded, tags=["openai"])


@router.post("")
@needs("models:use")
async def create(body: BatchBody, service: Served, who: Who) -> Response:
    """Take a batch."""
    window, database = check_batch(body), service.bench.database
    file = await file_of(database, who.workspace, body.input_file_id, "input_file_id")
    if file.purpose != "batch":
        raise ParameterInvalid("The file's purpose is not `batch`.", where="input_file_id")
    told = {"completion_window": body.completion_window, "metadata": body.metadata}
    batch = await service.bench.batches.create(file, who.id, body.endpoint, seconds=window, told=told)
    return tell(await show_batch(batch, database))


@router.get("")
@needs("models:use")
async def list_batches(
    service: Served, who: Who, limit: Annotated[int, Query(ge=1, le=100)] = 20, after: str | None = None
) -> Response:
    """List the batches, the latest first."""
    database = service.bench.database
    rows = await database.batches.list(who.workspace, after=after, limit=limit + 1)
    return tell(listed([await show_batch(row, database) for row in rows], limit))


@router.get("/{batch}")
@needs("models:use")
async def show(batch: str, service: Served, who: Who) -> Response:
    """Show a batch."""
    return tell(await show_batch(await _known(service, who.workspace, batch), service.bench.database))


@router.post("/{batch}/cancel")
@needs("models:use")
async def cancel(batch: str, service: Served, who: Who) -> Response:
    """Cancel a batch; what is answered is kept."""
    found = await _known(service, who.workspace, batch)
    cancelled = await service.bench.batches.cancel(found)
    if cancelled is None:
        found = await _known(service, who.workspace, batch)
        if found.status not in ("cancelling", "cancelled"):
            raise ParameterInvalid(f"The batch is over: {found.status}.", where="batch_id")
    return tell(await show_batch(cancelled or found, service.bench.database))


async def _known(service: Service, workspace: str, batch: str) -> BatchRow:
    found = await service.bench.database.batches.get(batch, workspace)
    if found is None:
        raise ObjectUnknown(f"There is no batch {batch!r}.", where="batch_id")
    return found
