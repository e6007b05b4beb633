"""The OpenAI-compatible interface: deployments as models."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from ...access import Principal
from ...base.errors import Json
from ...base.ids import new_id
from ...models.deployments import Deployment
from ...models.ports import Caller, Delta, ModelAnswer
from ...orchestration.inference import AUTO
from ..errors import ModelUnknown
from ..guard import Guarded, needs
from ..openai import embeddings as vectors
from ..openai.bodies import ChatBody, EmbeddingsBody
from ..openai.chat import completion, stream
from ..openai.failures import PREFIX
from ..openai.presence import while_present
from ..openai.requests import to_request
from ..service import Served, Service, Who

__all__ = ["router"]

router = APIRouter(prefix=PREFIX, route_class=Guarded, tags=["openai"])


@router.post("/chat/completions")
@needs("models:use")
async def chat(body: ChatBody, http: Request, service: Served, who: Who) -> Response:
    """Answer a conversation, as OpenAI's `chat/completions`."""
    request = to_request(body)
    _known(service, body.model, "chat")
    caller = replace(caller_of(who), fresh="no-cache" in http.headers.get("cache-control", ""))

    async def ask(on_delta: Delta | None) -> ModelAnswer:
        return await service.bench.inference.chat(request, caller, on_delta=on_delta)

    if not body.stream:
        return _answer(await while_present(http, completion(ask)))
    usage = body.stream_options is not None and body.stream_options.include_usage
    chunks = stream(ask, request, usage=usage)
    first = await while_present(http, _first(chunks))  # an error before the first word is an error, not a stream
    return StreamingResponse(_joined(first, chunks), media_type="text/event-stream", headers=_headers())


@router.post("/embeddings")
@needs("models:use")
async def embeddings(body: EmbeddingsBody, service: Served, who: Who) -> Response:
    """Embed texts, as OpenAI's `embeddings`."""
    texts = vectors.texts_of(body)
    _known(service, body.model, "embed")
    found = await service.bench.inference.embed(body.model, texts, caller_of(who))
    return _answer(vectors.answer_of(body, found))


@router.get("/models")
@needs("models:use")
async def list_models(service: Served, who: Who) -> Response:
    """List the deployments as models, and `auto`, which leaves the choice to the routing policy."""
    data: list[Json] = [_model(AUTO), *(_model(one.id) for one in service.bench.models.fleet.deployments)]
    return _answer({"object": "list", "data": data})


@router.get("/models/{name:path}")
@needs("models:use")
async def show_model(name: str, service: Served, who: Who) -> Response:
    """Show one model."""
    _known(service, name)
    return _answer(_model(name))


def caller_of(who: Principal) -> Caller:
    """Return who calls a model."""
    return Caller(workspace=who.workspace, principal=who.id)


def _known(service: Service, name: str, cap: str | None = None) -> Deployment | None:
    """Return the deployment of a name, None for the one that the policy chooses.

    Raises:
        ModelUnknown: There is none, or it cannot do that.
    """
    if name == AUTO and cap != "embed":
        return None
    found = service.bench.models.fleet.find(name)
    if found is None:
        raise ModelUnknown(f"The model {name!r} does not exist.", where="model", fix="See GET /openai/v1/models.")
    if cap is not None and cap not in found.caps:
        raise ModelUnknown(f"The model {name!r} lacks the capability {cap}.", where="model")
    return found


def _model(name: str) -> dict[str, Json]:
    return {"id": name, "object": "model", "created": 0, "owned_by": name.partition("/")[0]}


def _answer(body: dict[str, Any]) -> JSONResponse:
    return JSONResponse(body, headers=_headers())


def _headers() -> dict[str, str]:
    return {"x-request-id": new_id("req"), "openai-version": "2020-10-01"}


async def _first(chunks: AsyncIterator[bytes]) -> bytes:
    return await anext(chunks)


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
