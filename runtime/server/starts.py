"""Starting runs over HTTP: files by their ids, idempotency keys, and how long the caller waits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast
from weakref import WeakValueDictionary

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import Field

from agents.graph import CompiledApp

from ..access import Principal
from ..base.errors import Json
from ..base.ids import digest
from ..orchestration.errors import RunNotFound
from ..orchestration.forks import Fork
from ..orchestration.record import AT_WORK, Origin, RunRecord
from ..orchestration.runs import Key
from ..storage import StorageError
from .errors import Forbidden, KeyReused, RequestInvalid
from .service import Body, Service

__all__ = ["SURFACES", "NewRun", "allowed_run", "check_pins", "patience", "start", "tell"]

SURFACES: Final = {"owner": "cli", "user": "builder"}
_PREFER: Final = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])")
_LONGEST_WAIT: Final = 600.0
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")

_locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()


class NewRun(Body):
    """A run to be made.

    Attributes:
        inputs: Inputs by name; a file is `{"artifact": id}`.
        session: The conversation that it belongs to.
        pins: Values of output ports by node; those nodes are not run.
        only: The only node that is run.
    """

    inputs: dict[str, Any] = Field(default_factory=dict)
    session: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,128}$")] | None = None
    pins: dict[str, dict[str, Any]] = Field(default_factory=dict)
    only: str | None = None


def check_pins(who: Principal, *, pinned: bool) -> None:
    """Let only those who make apps say what a node came to: a pinned approval is one that nobody gave.

    Raises:
        Forbidden: The caller does not make apps.
    """
    if pinned and not who.may("apps:write", app=who.app):
        raise Forbidden("Pinned values and runs of one node need the scope apps:write.", where="pins")


async def start(service: Service, who: Principal, app: CompiledApp, wanted: NewRun, request: Request) -> RunRecord:
    """Accept a run, or find the one that the same idempotency key has made, and wait as long as the caller prefers.

    Raises:
        Forbidden: The caller may not pin values.
        KeyReused: The key came before with another request.
        RequestInvalid: The key cannot be one.
        InputInvalid: The inputs do not fit the app.
        ArtifactMissing: A file is not there.
    """
    check_pins(who, pinned=bool(wanted.pins or wanted.only))
    given = request.headers.get("idempotency-key")
    new = _New(service, who, app, wanted, _in_background(who, wanted, request))
    if given is None:
        run = await _accept(new, None)
    else:
        if not _KEY.fullmatch(given):
            raise RequestInvalid("An idempotency key has 1 to 200 visible ASCII characters.", where="Idempotency-Key")
        asked = {name: value for name, value in wanted.model_dump().items() if value or name in ("inputs", "session")}
        key = Key(f"{who.id}:{given}", digest({"app": app.digest, **asked}))
        async with _locks.setdefault((who.workspace, key.key), asyncio.Lock()):
            run = await _known(service, who, key) or await _keyed(new, key)
    return await service.bench.engine.wait(run, who.workspace, timeout=patience(request))


@dataclass(frozen=True, slots=True)
class _New:
    """A run that is to be accepted, of whom, and whether nobody waits for it."""

    service: Service
    who: Principal
    app: CompiledApp
    wanted: NewRun
    background: bool


async def _keyed(new: _New, key: Key) -> str:
    """Accept a run under a key, unless another server accepts one under the same key at this moment."""
    try:
        return await _accept(new, key)
    except StorageError:
        run = await _known(new.service, new.who, key)
        if run is None:
            raise
        return run


def _in_background(who: Principal, wanted: NewRun, request: Request) -> bool:
    """Whether nobody waits for the run: a program that has asked for it and goes away."""
    interactive = who.kind in SURFACES or wanted.session is not None or wanted.pins or wanted.only
    return not interactive and patience(request) == 0


async def _known(service: Service, who: Principal, key: Key) -> str | None:
    found = await service.bench.engine.runs.keyed(who.workspace, key.key)
    if found is None:
        return None
    body_hash, run = found
    if body_hash != key.body_hash:
        fix = "Use a new key for a new request."
        raise KeyReused("This key came before with another request.", where="Idempotency-Key", fix=fix)
    return run


async def _accept(new: _New, key: Key | None) -> str:
    service, who, wanted = new.service, new.who, new.wanted
    surface = SURFACES.get(who.kind, "api")
    info = await service.bench.engine.take_in(
        new.app,
        await _with_files(service, who, wanted.inputs),
        Origin(workspace=who.workspace, principal=who.id, surface=surface, session=wanted.session),
        key=key,
        change=Fork(pins=wanted.pins, only=wanted.only) if wanted.pins or wanted.only else None,
        background=new.background,
    )
    return info.id


async def _with_files(service: Service, who: Principal, inputs: Mapping[str, Any]) -> dict[str, Json]:
    """Put the stored file in the place of each `{"artifact": id}`, also within a list."""

    async def resolve(value: Json) -> Json:
        match value:
            case {"artifact": str(artifact)} if len(value) == 1:
                stored, _ = await service.bench.database.artifacts.get(artifact, who.workspace)
                return cast("Json", dict(stored))
            case list():
                return [await resolve(item) for item in value]
            case _:
                return value

    return {name: await resolve(value) for name, value in inputs.items()}


async def allowed_run(service: Service, who: Principal, run: str) -> RunRecord:
    """Return a run that the caller may see.

    Raises:
        RunNotFound: There is none, or it is of an app that is not the caller's.
    """
    record = await service.bench.engine.runs.get(run, who.workspace)
    if who.app is not None and record.info.app != who.app:
        raise RunNotFound(f"There is no run {run!r}.", fix="List the runs with: baigong runs")
    return record


def patience(request: Request) -> float:
    """Return the seconds of `Prefer: wait=N` (RFC 7240), at most 600, or 0 where the caller does not wait."""
    found = _PREFER.search(request.headers.get("prefer", ""))
    return min(float(found[1]), _LONGEST_WAIT) if found else 0.0


def tell(record: RunRecord, more: Mapping[str, Json] | None = None) -> JSONResponse:
    """Return a run as JSON: 200 once nothing works on it, 202 while something does."""
    status = 202 if record.status in AT_WORK else 200
    headers = {"Location": f"/v1/runs/{record.info.id}"}
    return JSONResponse({**record.to_json(), **(more or {})}, status, headers)
