"""Tool servers and their tools."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter

from tools.errors import ToolUnknown

from ...base.errors import Json
from ..guard import Guarded, needs
from ..service import Served, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/tools", route_class=Guarded, tags=["tools"])


@router.get("")
@needs("tools:read")
async def list_servers(service: Served, who: Who) -> dict[str, Json]:
    """List the tool servers that the home knows; none is started for it."""
    servers = service.bench.servers.items()
    return {"servers": [{"name": name, "kind": "http" if spec.url else "stdio"} for name, spec in servers]}


@router.get("/{server}")
@needs("tools:read")
async def list_tools(service: Served, who: Who, server: str) -> dict[str, Json]:
    """List a server's tools with their schemas and policies; the server is started for it."""
    spec = service.bench.servers.get(server)
    if spec is None:
        known = ", ".join(sorted(service.bench.servers)) or "none"
        raise ToolUnknown(f"There is no tool server {server!r}.", where=server, fix=f"Known are: {known}.")
    found = await service.bench.host.tools.list(server)
    tools: list[Json] = [
        {
            "name": one.name,
            "description": one.description,
            "input_schema": dict(one.input_schema),
            "output_schema": None if one.output_schema is None else dict(one.output_schema),
            "policy": asdict(spec.policy(one.name)),
        }
        for one in found
    ]
    return {"server": server, "tools": tools}
