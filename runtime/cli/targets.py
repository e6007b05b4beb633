"""What `run` is about: a bundle at a path, which is sent to the server, or an app by its id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .client import Client

__all__ = ["Target", "find_target"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where runs are made, and the inputs as the server describes them, by name."""

    runs: str
    inputs: dict[str, dict[str, Any]]


async def find_target(client: Client, name: str) -> Target:
    """Look the app up, or send the bundle.

    Raises:
        BundleError: There is something at the path, but no bundle.
        Answered: There is neither, or the bundle has errors.
    """
    content = _bundle_at(name)
    if content is None:
        found = await client.get(f"/v1/apps/{name}")
        return Target(f"/v1/apps/{name}/runs", _inputs(found))
    stored = await client.upload("/v1/bundles", content)
    return Target(f"/v1/bundles/{stored['digest']}/runs", _inputs(stored))


def _bundle_at(name: str) -> bytes | None:
    from agents.spec import export_zip, read_bundle

    return export_zip(read_bundle(name)) if Path(name).exists() else None


def _inputs(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    inputs = cast("list[dict[str, Any]]", described["inputs"])
    return {str(one["name"]): one for one in inputs}
