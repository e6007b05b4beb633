"""The routes, one module for each resource."""

from __future__ import annotations

from fastapi import APIRouter

from . import (
    apps,
    artifacts,
    bases,
    batches,
    bundles,
    drafts,
    events,
    files,
    health,
    keys,
    models,
    nodes,
    openai,
    responses,
    retention,
    runs,
    secrets,
    servers,
    session,
    usage,
)

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (
    bundles.router, runs.router, openai.router, events.router, apps.router, health.router, session.router,
    keys.router, secrets.router, artifacts.router, drafts.router, nodes.router, retention.router, bases.router,
    servers.router, models.router, responses.router, files.router, batches.router, usage.router,
)  # fmt: skip
"""In the order in which they are tried: what is asked for most comes first."""
