"""Deployments of models: what they are, how they fare, how one is chosen, and what was decided."""

from __future__ import annotations

import time
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, ValidationError

from ...base.errors import Json
from ...models.deployments import Deployment
from ...models.discovery import names_at
from ...models.endpoint import Endpoint
from ...models.errors import DeploymentUnknown
from ...models.kinds import BUILT_IN
from ...models.probing import probe
from ...models.routing import Routing
from ...models.whatif import what_if
from ..errors import RequestInvalid
from ..guard import Guarded, needs
from ..service import Body, Served, Service, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/models", route_class=Guarded, tags=["models"])

M = TypeVar("M", bound=BaseModel)

_DAY = 86_400_000
_RECORDED = 2000


class Wanted(Body):
    """A routing to be tried."""

    routing: dict[str, Any]


class Score(Body):
    """How good an answer was."""

    score: Annotated[float, Field(ge=0, le=1, strict=False)]


class Server(Body):
    """A server of models, and the name of the secret with its key."""

    url: str
    key: str | None = None


@router.get("")
@needs("models:read")
async def list_models(service: Served, who: Who) -> dict[str, Json]:
    """List the deployments, preferred ones first: what they can do, how they fare here, and what they did today."""
    fleet = service.bench.models.fleet
    now = time.time()
    midnight = int(now * 1000) - int((now - time.timezone) * 1000) % _DAY
    spent = await service.bench.decisions.spent(midnight)
    return {
        "models": [_shown(service, one, spent.get(one.id)) for one in fleet.deployments],
        "routing": fleet.routing.model_dump(),
    }


@router.put("/routing")
@needs("models:write")
async def route(body: dict[str, Any], service: Served, who: Who) -> dict[str, Json]:
    """Change how a deployment is chosen."""
    await service.bench.registry.route(_checked(Routing, body))
    return service.bench.models.fleet.routing.model_dump()


@router.put("/deployments/{kind}/{name}")
@needs("models:write")
async def declare(kind: str, name: str, body: dict[str, Any], service: Served, who: Who) -> dict[str, Json]:
    """Declare a deployment, with the keys of `models.yaml`."""
    await service.bench.registry.put(f"{kind}/{name}", body)
    return _shown(service, _found(service, kind, name), None)


@router.delete("/deployments/{kind}/{name}")
@needs("models:write")
async def remove(kind: str, name: str, service: Served, who: Who) -> dict[str, Json]:
    """Forget a deployment."""
    await service.bench.registry.remove(f"{kind}/{name}")
    return {"id": f"{kind}/{name}", "removed": True}


@router.post("/deployments/{kind}/{name}/test")
@needs("models:use")
async def test(kind: str, name: str, service: Served, who: Who) -> dict[str, Json]:
    """Ask a deployment for a bit of everything: how fast it is, and what it can do."""
    found = _found(service, kind, name)
    return (await probe(service.bench.models.fleet, found)).to_json(found)


@router.post("/discover")
@needs("models:write")
async def discover(body: Server, service: Served, who: Who) -> dict[str, Json]:
    """Ask a server of which models it knows."""
    endpoint = _checked(Endpoint, {"url": body.url, "model": "-", "key": body.key})
    return {"models": [*await names_at(service.bench.builder.requester(endpoint))]}


@router.get("/decisions")
@needs("models:read")
async def decisions(
    service: Served,
    who: Who,
    deployment: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(description="Only decisions made before this time, in milliseconds.")] = None,
) -> dict[str, Json]:
    """List what the router has decided, the latest first, and what became of it."""
    found = await service.bench.decisions.list(who.workspace, deployment=deployment, before=before, limit=limit)
    return {"decisions": [*found]}


@router.put("/decisions/{decision}/score")
@needs("models:use")
async def score(decision: str, body: Score, service: Served, who: Who) -> dict[str, Json]:
    """Say how good an answer was, from 0 to 1, for the policy `learned`."""
    await service.bench.models.rate(who.workspace, decision, body.score)
    return {"id": decision, "score": body.score}


@router.post("/what-if")
@needs("models:read")
async def try_routing(body: Wanted, service: Served, who: Who) -> dict[str, Json]:
    """Say what another routing would have done with the latest requests."""
    recorded = await service.bench.decisions.list(who.workspace, limit=_RECORDED)
    return what_if(service.bench.models.fleet, recorded, _checked(Routing, body.routing))


def _checked(model: type[M], data: dict[str, Any]) -> M:
    """Read part of a body.

    Raises:
        RequestInvalid: It is wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise RequestInvalid(f"{first['msg']}.", where=place, fix="docs/models.md describes every key.") from error


def _found(service: Service, kind: str, name: str) -> Deployment:
    found = service.bench.models.fleet.find(f"{kind}/{name}")
    if found is None:
        raise DeploymentUnknown(
            "There is no such deployment.", where=f"{kind}/{name}", fix="`baigong models list` shows what there is."
        )
    return found


def _shown(service: Service, one: Deployment, today: dict[str, Json] | None) -> dict[str, Json]:
    return {
        "id": one.id,
        "kind": one.kind,
        "caps": [*sorted(one.caps)],
        "context": one.context,
        "max_tokens": one.max_tokens,
        "price": one.price.model_dump(),
        "rate": one.rate.model_dump(),
        "residency": one.residency,
        "local": one.local,
        "built_in": one in BUILT_IN,
        "health": service.bench.models.fleet.health(one).to_json(),
        "today": today or {"calls": 0, "failures": 0, "tokens": 0, "usd": 0.0},
    }
