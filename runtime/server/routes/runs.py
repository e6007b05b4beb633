"""Runs: how they stand, what happened, and what a person can do about them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from ...base.errors import Json
from ...orchestration.answers import PEOPLE
from ...orchestration.compare import compare
from ...orchestration.forks import Fork
from ...orchestration.record import Status
from ..errors import RequestInvalid
from ..guard import Guarded, needs
from ..service import Body, Served, Who
from ..sse import stream
from ..starts import SURFACES, allowed_run, check_pins, patience, tell

__all__ = ["router"]

router = APIRouter(prefix="/v1/runs", route_class=Guarded, tags=["runs"])


class Answer(Body):
    """An answer to a question: one of its actions, and the fields of its form."""

    action: str
    form: dict[str, Any] = Field(default_factory=dict)


class NewFork(Body):
    """How a new run differs from the one that it comes from.

    Attributes:
        at: The last event that it takes over; by default all.
        since: The node from which on everything is done again.
        pins: Values of output ports by node path; what depends on them is done again.
        only: The only node that is run.
    """

    at: Annotated[int, Field(ge=0)] | None = None
    since: str | None = None
    pins: dict[str, dict[str, Any]] = Field(default_factory=dict)
    only: str | None = None


class Settlement(Body):
    """What a person says about an effect in doubt.

    Attributes:
        done: Whether it happened.
        result: What the tool would have returned, where it happened.
    """

    done: bool
    result: Any = None


@router.get("")
@needs("runs:read", own=True)
async def list_runs(
    service: Served,
    who: Who,
    app: str | None = None,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    before: Annotated[int | None, Query(description="Only runs made before this time, in milliseconds.")] = None,
) -> dict[str, Json]:
    """List runs, newest first."""
    found = await service.bench.engine.runs.list(
        who.workspace, app=who.app or app, status=status, limit=limit, before=before
    )
    return {"runs": [record.to_json() for record in found]}


@router.get("/{run}")
@needs("runs:read", own=True)
async def show_run(service: Served, who: Who, run: str, request: Request) -> Response:
    """Show a run; `Prefer: wait=N` waits until nothing works on it."""
    record = await allowed_run(service, who, run)
    if patience(request):
        record = await service.bench.engine.wait(run, who.workspace, timeout=patience(request))
    waits = await service.bench.engine.waits(run)
    asks: list[Json] = [one for one in waits if one["kind"] in PEOPLE]
    others: list[Json] = [one for one in waits if one["kind"] not in PEOPLE]
    return tell(record, {"inputs": record.inputs, "asks": asks, "waits": others})


@router.get("/{run}/events", response_class=StreamingResponse)
@needs("runs:read", own=True)
async def follow_run(
    service: Served,
    who: Who,
    run: str,
    request: Request,
    last_event_id: Annotated[str | None, Header(description="Go on after this event.")] = None,
    after: Annotated[int, Query(ge=0, description="As Last-Event-ID.")] = 0,
) -> Response:
    """Stream a run's events as server-sent events until it ends; with `Accept: application/json`, list those so far."""
    await allowed_run(service, who, run)
    if last_event_id is not None:
        if not last_event_id.isdecimal():
            raise RequestInvalid("The header takes the number of an event.", where="Last-Event-ID")
        after = int(last_event_id)
    if request.headers.get("accept", "").startswith("application/json"):
        events = await service.bench.engine.history(run, after=after)
        return _json({"events": [event.to_json() for event in events]})
    events = service.bench.engine.events(run, after=after, parked=True)
    return StreamingResponse(stream(events), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.post("/{run}/cancel")
@needs("runs:write", own=True)
async def cancel_run(service: Served, who: Who, run: str) -> Response:
    """Stop a run that has not ended."""
    await allowed_run(service, who, run)
    return tell(await service.bench.engine.cancel(run, who.workspace))


@router.post("/{run}/resume")
@needs("runs:write", own=True)
async def resume_run(service: Served, who: Who, run: str, request: Request) -> Response:
    """Take a run up where it failed or was cut off."""
    await allowed_run(service, who, run)
    await service.bench.engine.resume(run, who.workspace)
    return tell(await service.bench.engine.wait(run, who.workspace, timeout=patience(request)))


@router.post("/{run}/replay")
@needs("runs:write", own=True)
async def replay_run(service: Served, who: Who, run: str) -> Response:
    """Run again from the journal alone, and say whether the outcome is the same."""
    original = await allowed_run(service, who, run)
    record = await service.bench.engine.replay(run, who.workspace)
    same = record.outputs == original.outputs and record.status == original.status
    return tell(record, {"replay_of": run, "identical": same})


@router.post("/{run}/fork")
@needs("runs:write", own=True)
async def fork_run(service: Served, who: Who, run: str, body: NewFork, request: Request) -> Response:
    """Start a new run from what another one has done, up to an event, from a node on, or with other values."""
    await allowed_run(service, who, run)
    check_pins(who, pinned=bool(body.pins or body.only))
    change = Fork(at=body.at, since=body.since, pins=body.pins, only=body.only)
    made = await service.bench.engine.fork(
        run, change, workspace=who.workspace, principal=who.id, surface=SURFACES.get(who.kind, "api")
    )
    return tell(await service.bench.engine.wait(made.id, who.workspace, timeout=patience(request)))


@router.get("/{run}/diff/{other}")
@needs("runs:read", own=True)
async def diff_runs(service: Served, who: Who, run: str, other: str) -> dict[str, Json]:
    """Compare two runs node by node: ways, values, failures, calls, use and time."""
    await allowed_run(service, who, run)
    await allowed_run(service, who, other)
    left, right = await service.bench.engine.history(run), await service.bench.engine.history(other)
    return {"left": run, "right": other, "nodes": [*compare(left, right)]}


@router.get("/{run}/effects")
@needs("runs:read", own=True)
async def list_effects(service: Served, who: Who, run: str) -> dict[str, Json]:
    """List what a run has done to the world, and what is in doubt."""
    await allowed_run(service, who, run)
    return {"effects": [*await service.bench.engine.effects(run)]}


@router.post("/{run}/effects/{effect}")
@needs("runs:write", own=True)
async def settle_effect(
    service: Served, who: Who, run: str, effect: str, body: Settlement, request: Request
) -> Response:
    """Say whether an effect in doubt has happened; once none is left, the run is taken up."""
    await allowed_run(service, who, run)
    await service.bench.engine.settle(
        run, effect, done=body.done, result=body.result, by=who.id, workspace=who.workspace
    )
    return tell(await service.bench.engine.wait(run, who.workspace, timeout=patience(request)))


@router.get("/{run}/asks")
@needs("runs:read", own=True)
async def list_asks(service: Served, who: Who, run: str) -> dict[str, Json]:
    """List the open questions of a run."""
    await allowed_run(service, who, run)
    return {"asks": [*await service.bench.engine.asks(run)]}


@router.post("/{run}/asks/{ask:path}")
@needs("runs:write", own=True)
async def answer_ask(service: Served, who: Who, run: str, ask: str, body: Answer, request: Request) -> Response:
    """Answer an open question, and take the run up again."""
    await allowed_run(service, who, run)
    await service.bench.engine.answer(
        run, ask, action=body.action, form=body.form, by=who.id, roles=(who.kind,), workspace=who.workspace
    )
    return tell(await service.bench.engine.wait(run, who.workspace, timeout=patience(request)))


def _json(value: Json) -> Response:
    from fastapi.responses import JSONResponse

    return JSONResponse(value)
