"""The OpenAI-compatible interface: deployments as models."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from ...base.errors import Json
from ...models.ports import Delta, ModelAnswer
from ...orchestration.inference import AUTO
from ..guard import Guarded, needs
from ..openai import embeddings as vectors
from ..openai.bodies import ChatBody, EmbeddingsBody
from ..openai.chat import completion, stream
from ..openai.failures import PREFIX
from ..openai.presence import while_present
from ..openai.requests import to_request
from ..openai.serving import caller_of, event_stream, known_model, tell
from ..service import Served, Who

__all__ = ["router"]

router = APIRouter(prefix=PREFIX, route_class=Guarded, tags=["openai"])


@router.post("/chat/completions")
@needs("models:use")
async def chat(body: ChatBody, http: Request, service: Served, who: Who) -> Response:
    """Answer a conversation, as OpenAI's `chat/completions`."""
    request = to_request(body)
    known_model(service.bench, body.model, "chat")
    caller = replace(caller_of(who), fresh="no-cache" in http.headers.get("cache-control", ""))

    async def ask(on_delta: Delta | None) -> ModelAnswer:
        return await service.bench.inference.chat(request, caller, on_delta=on_delta)

    if not body.stream:
        return tell(await while_present(http, completion(ask)))
    usage = body.stream_options is not None and body.stream_options.include_usage
    return await event_stream(http, stream(ask, request, usage=usage))


@router.post("/embeddings")
@needs("models:use")
async def embeddings(body: EmbeddingsBody, service: Served, who: Who) -> Response:
    """Embed texts, as OpenAI's `embeddings`."""
    texts = vectors.texts_of(body)
    known_model(service.bench, body.model, "embed")
    found = await service.bench.inference.embed(body.model, texts, caller_of(who))
    return tell(vectors.answer_of(body, found))


@router.get("/models")
@needs("models:use")
async def list_models(service: Served, who: Who) -> Response:
    """List the deployments as models, and `auto`, which leaves the choice to the routing policy."""
    data: list[Json] = [_model(AUTO), *(_model(one.id) for one in service.bench.models.fleet.deployments)]
    return tell({"object": "list", "data": data})


@router.get("/models/{name:path}")
@needs("models:use")
async def show_model(name: str, service: Served, who: Who) -> Response:
    """Show one model."""
    known_model(service.bench, name)
    return tell(_model(name))


def _model(name: str) -> dict[str, Json]:
    return {"id": name, "object": "model", "created": 0, "owned_by": name.partition("/")[0]}
