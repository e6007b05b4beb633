"""Apps by their ids, and runs of them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from agents.needs import needs_of
from agents.spec import export_zip

from ...base.errors import Json
from ...orchestration.outline import read_app
from ..errors import RequestInvalid
from ..guard import Guarded, needs
from ..service import Served, Who
from ..starts import NewRun, start, tell
from .bundles import read_body

__all__ = ["router"]

router = APIRouter(prefix="/v1/apps", route_class=Guarded, tags=["apps"])


@router.get("")
@needs("apps:read")
async def list_apps(service: Served, who: Who) -> dict[str, Json]:
    """List the workspace's apps and those that are shipped, with their inputs and outputs."""
    return {"apps": [app.to_json() for app in await service.bench.apps.list(who.workspace)]}


@router.post("", status_code=201)
@needs("apps:write", upload=True)
async def import_app(service: Served, who: Who, request: Request) -> dict[str, Json]:
    """Keep a bundle (a zip, or one `app.yaml`) under its own id, start nothing, and say what it needs."""
    bundle = await read_body(request)
    kept = await service.bench.apps.put(bundle, who.workspace)
    document = read_app(bundle)
    return {**kept.to_json(), "needs": {} if document is None else needs_of(document, bundle)}


@router.get("/{app}")
@needs("apps:read")
async def show_app(service: Served, who: Who, app: str) -> dict[str, Json]:
    """Describe an app: its inputs and outputs, and what the compiler says of it."""
    found = await service.bench.apps.find(app, who.workspace)
    compilation = await service.bench.apps.compilation(found.bundle, who.workspace)
    findings: list[Json] = [one.to_json() for one in compilation.diagnostics]
    return {**found.to_json(), "ok": compilation.ok, "diagnostics": findings}


@router.put("/{app}")
@needs("apps:write", upload=True)
async def put_app(service: Served, who: Who, app: str, request: Request) -> dict[str, Json]:
    """Keep a bundle (a zip, or one `app.yaml`) as the app of this id."""
    bundle = await read_body(request)
    document = read_app(bundle)
    if document is not None and document.app.id != app:
        raise RequestInvalid(f"The bundle is the app {document.app.id!r}, not {app!r}.", where="app.id")
    return (await service.bench.apps.put(bundle, who.workspace)).to_json()


@router.delete("/{app}", status_code=204)
@needs("apps:write")
async def remove_app(service: Served, who: Who, app: str) -> Response:
    """Forget an app of the workspace; its runs stay."""
    await service.bench.apps.remove(app, who.workspace)
    return Response(status_code=204)


@router.get("/{app}/bundle", response_class=Response)
@needs("apps:read")
async def export_app(service: Served, who: Who, app: str) -> Response:
    """Return an app's bundle as a zip archive."""
    found = await service.bench.apps.find(app, who.workspace)
    name = {"Content-Disposition": f'attachment; filename="{found.id}.zip"'}
    return Response(export_zip(found.bundle), media_type="application/zip", headers=name)


@router.post("/{app}/runs")
@needs("runs:write")
async def run_app(service: Served, who: Who, app: str, body: NewRun, request: Request) -> Response:
    """Start a run; `Prefer: wait=N` waits for its end, `Idempotency-Key` makes sending it twice harmless."""
    found = await service.bench.apps.find(app, who.workspace)
    return tell(
        await start(service, who, await service.bench.apps.compiled(found.bundle, who.workspace), body, request)
    )
