"""Bundles by their content hash, for programs that run an app without keeping it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from agents.compiler import compile_bundle
from agents.spec import Bundle, lock_from_resources, read_zip

from ...base.errors import Json
from ...orchestration.apps import App
from ...orchestration.outline import read_app
from ...orchestration.ready import ready
from ..guard import Guarded, needs
from ..service import Served, Who
from ..starts import NewRun, start, tell

__all__ = ["read_body", "router"]

router = APIRouter(prefix="/v1/bundles", route_class=Guarded, tags=["bundles"])


async def read_body(request: Request) -> Bundle:
    """Return the bundle of a body: a zip archive, or the text of an `app.yaml` alone.

    Raises:
        BundleError: It is neither.
    """
    content = await request.body()
    return read_zip(content) if content[:4] == b"PK\x03\x04" else Bundle(files={"app.yaml": content})


@router.post("", status_code=201)
@needs("apps:write", upload=True)
async def store(service: Served, who: Who, request: Request) -> dict[str, Json]:
    """Store a bundle (a zip, or one `app.yaml`) that can run here, and say what its inputs are."""
    bundle = await read_body(request)
    app = ready(await service.bench.apps.compilation(bundle, who.workspace))
    digest = await service.bench.database.bundles.put(bundle, who.workspace)
    return {**App(app.id, bundle, "bundle").to_json(), "digest": digest}


@router.post("/lock")
@needs("apps:write", upload=True)
async def lock(service: Served, who: Who, request: Request) -> dict[str, Json]:
    """Look up what this host has of what a bundle requires, and return it as the text of its `bundle.lock`."""
    bundle = await read_body(request)
    document = read_app(bundle) or ready(compile_bundle(bundle)).document
    await service.bench.bases.prepare(document, bundle)
    return {
        "lock": lock_from_resources(await service.bench.resources(document, bundle, who.workspace), document).to_text()
    }


@router.post("/{digest}/runs")
@needs("runs:write")
async def run(service: Served, who: Who, digest: str, body: NewRun, request: Request) -> Response:
    """Start a run of a stored bundle."""
    bundle = await service.bench.apps.bundle(digest, who.workspace)
    return tell(await start(service, who, await service.bench.apps.compiled(bundle, who.workspace), body, request))
