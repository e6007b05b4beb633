"""Files as arguments of tools: a parameter with `x-baigong: file` takes a `file` and receives a read-only path."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from ..base.errors import Json
from .host import Files

__all__ = ["attached", "plain_arguments"]


def plain_arguments(arguments: Mapping[str, Json], files: frozenset[str]) -> dict[str, Json]:
    """Return the arguments as the tool's schema sees them: a text in the place of each file."""
    return {name: "file" if name in files and isinstance(value, dict) else value for name, value in arguments.items()}


@asynccontextmanager
async def attached(
    arguments: Mapping[str, Json], files: frozenset[str], store: Files, workspace: str
) -> AsyncGenerator[dict[str, Json]]:
    """Give the arguments with a path for each file, in a scratch folder that lives as long as the call."""
    wanted = {name: value for name, value in arguments.items() if name in files and isinstance(value, dict)}
    if not wanted:
        yield dict(arguments)
        return
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="baigong-call-"))
    try:
        paths: dict[str, Json] = {}
        for at, (name, value) in enumerate(wanted.items()):
            found, content = await store.read(str(value.get("id")), workspace=workspace)
            place = folder / f"{at}-{Path(str(found['name'])).name}"
            await asyncio.to_thread(_write, place, content)
            paths[name] = str(place)
        yield {**arguments, **paths}
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _write(place: Path, content: bytes) -> None:
    place.write_bytes(content)
    place.chmod(0o444)
