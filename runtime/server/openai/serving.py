"""What the routes of the interface have in common: who asks which model, and how an answer leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, StreamingResponse

from ...access import Principal
from ...base.ids import new_id
from ...models.deployments import Deployment
from ...models.ports import Caller
from ...orchestration.inference import AUTO
from ...orchestration.workbench import Workbench
from ..errors import ModelUnknown
from .presence import while_present

__all__ = ["caller_of", "event_stream", "known_model", "tell"]


def caller_of(who: Principal) -> Caller:
    """Return who calls a model."""
    return Caller(workspace=who.workspace, principal=who.id)


def known_model(bench: Workbench, name: str, cap: str | None = None) -> Deployment | None:
    """Return the deployment of a name, None for the one that the policy chooses.

    Raises:
        ModelUnknown: There is none, or it cannot do that.
    """
    if name == AUTO and cap != "embed":
        return None
    found = bench.models.fleet.find(name)
    if found is None:
        raise ModelUnknown(f"The model {name!r} does not exist.", where="model", fix="See GET /openai/v1/models.")
    if cap is not None and cap not in found.caps:
        raise ModelUnknown(f"The model {name!r} lacks the capability {cap}.", where="model")
    return found


def tell(body: Mapping[str, Any]) -> JSONResponse:
    """Return an answer as a response."""
    return JSONResponse(body, headers=_headers())


async def event_stream(http: Request, events: AsyncIterator[bytes]) -> StreamingResponse:
    """Return a stream once it has begun: an error before the first word is an error, not a stream.

    Raises:
        BaigongError: There is no first word.
        ClientGone: Nobody waits for it any more.
    """
    first = await while_present(http, _first(events))
    return StreamingResponse(_joined(first, events), media_type="text/event-stream", headers=_headers())


def _headers() -> dict[str, str]:
    return {"x-request-id": new_id("req"), "openai-version": "2020-10-01"}


async def _first(events: AsyncIterator[bytes]) -> bytes:
    return await anext(events)


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for event in rest:
        yield event
