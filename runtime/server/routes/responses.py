"""`responses` of the OpenAI-compatible interface: answers that a conversation can go on from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from ...base.ids import new_id
from ...models.ports import Delta, ModelAnswer
from ...storage import ResponseRow
from ..errors import ObjectUnknown
from ..guard import Guarded, needs
from ..openai.conversation import conversation, resolved
from ..openai.failures import PREFIX
from ..openai.listing import page
from ..openai.presence import while_present
from ..openai.response import ResponseObject
from ..openai.response_bodies import ResponseBody
from ..openai.response_request import check, to_response_request
from ..openai.response_stream import respond
from ..openai.serving import caller_of, event_stream, known_model, tell
from ..service import Served, Service, Who

__all__ = ["router"]

router = APIRouter(prefix=f"{PREFIX}/responses", route_class=Guarded, tags=["openai"])


@router.post("")
@needs("models:use")
async def create(body: ResponseBody, http: Request, service: Served, who: Who) -> Response:
    """Answer a conversation, as OpenAI's `responses`."""
    check(body)
    known_model(service.bench, body.model, "chat")
    made, store = ResponseObject(new_id("resp"), body), service.bench.database.responses
    asked = await resolved(made.turn.asked(body.input), store, who.workspace)
    request = to_response_request(body, [*await conversation(body, store, who.workspace), *asked])

    async def ask(on_delta: Delta | None) -> ModelAnswer:
        return await service.bench.inference.chat(request, caller_of(who), on_delta=on_delta)

    async def keep(whole: Mapping[str, Any]) -> None:
        if body.store is not False:
            await store.put(whole, asked, who.workspace)

    if body.stream:
        return await event_stream(http, respond(ask, made, keep))
    whole = made.ended(await while_present(http, ask(None)))
    await keep(whole)
    return tell(whole)


@router.get("/{response}")
@needs("models:use")
async def show(response: str, service: Served, who: Who) -> Response:
    """Show a stored response."""
    return tell((await _stored(service, who.workspace, response)).body)


@router.delete("/{response}")
@needs("models:use")
async def remove(response: str, service: Served, who: Who) -> Response:
    """Delete a stored response; no conversation goes on from it, or from one behind it."""
    if not await service.bench.database.responses.remove(response, who.workspace):
        raise _missing(response)
    return tell({"id": response, "object": "response", "deleted": True})


@router.get("/{response}/input_items")
@needs("models:use")
async def input_items(
    response: str,
    service: Served,
    who: Who,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
) -> Response:
    """List what a stored response was asked with."""
    items = (await _stored(service, who.workspace, response)).input
    return tell(page(items if order == "asc" else items[::-1], limit, after))


async def _stored(service: Service, workspace: str, response: str) -> ResponseRow:
    found = await service.bench.database.responses.get(response, workspace)
    if found is None:
        raise _missing(response)
    return found


def _missing(response: str) -> ObjectUnknown:
    return ObjectUnknown(f"There is no stored response {response!r}.", where="response_id")
