"""Puts the server together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fastapi import FastAPI

from ..base.version import VERSION
from ..orchestration.workbench import Workbench
from .gate import Gate
from .problems import add_handlers
from .routes import ROUTERS
from .service import COOKIE, Service

__all__ = ["LOOPBACK", "create_app"]

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")

_SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "A browser's session."},
}


def create_app(
    bench: Workbench, *, owner_key: str, origins: Iterable[str] = (), hosts: Iterable[str] = LOOPBACK
) -> FastAPI:
    """Return the server of an open home.

    Args:
        bench: The open home; whoever opened it closes it.
        owner_key: The key that this machine's own commands send.
        origins: Origins whose pages may send requests.
        hosts: Names by which the server may be called.
    """
    service = Service(bench=bench, owner_key=owner_key, origins=frozenset(origins))
    app = _Api(title="Baigong", version=VERSION, openapi_url="/v1/openapi.json", docs_url=None, redoc_url=None)
    app.state.service = service
    for router in ROUTERS:
        app.include_router(router)
    add_handlers(app)
    app.add_middleware(Gate, hosts=hosts, origins=service.origins, metrics=service.metrics)
    return app


class _Api(FastAPI):
    """Adds to the description how a caller authenticates."""

    def openapi(self) -> dict[str, Any]:
        """Return the API's description (OpenAPI 3.1)."""
        description = super().openapi()
        description.setdefault("components", {})["securitySchemes"] = _SCHEMES
        return description
