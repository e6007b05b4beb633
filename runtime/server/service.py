"""What every route has: the open home, who asks, and the shapes of bodies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict

from ..access import Principal
from ..orchestration.workbench import Workbench
from .metrics import Metrics

__all__ = ["COOKIE", "Body", "Served", "Service", "Who"]

COOKIE = "baigong_session"
"""The cookie of a browser's session."""


class Body(BaseModel):
    """Base of the bodies of requests: unknown fields are errors, values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """What the routes of one server share.

    Args:
        bench: The open home.
        owner_key: The key of this machine's own commands, as the home publishes it.
        origins: Origins whose pages may send requests: the builder's.
        metrics: Counters of requests.
    """

    bench: Workbench
    owner_key: str
    origins: frozenset[str]
    metrics: Metrics = field(default_factory=Metrics)


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _who(request: Request) -> Principal:
    who: Principal = request.state.principal
    return who


# Coroutines, because FastAPI runs plain functions in threads.

Served: TypeAlias = Annotated[Service, Depends(_service)]
"""The service, as a route's parameter."""

Who: TypeAlias = Annotated[Principal, Depends(_who)]
"""Who asks, as a route's parameter."""
