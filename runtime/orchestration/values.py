"""Large values: above 32 KB they live in the artifact store, and the journal holds their id."""

from __future__ import annotations

import json
from typing import cast

from ..base.errors import Json
from .host import Files

__all__ = ["LIMIT", "restore", "spill"]

LIMIT = 32_768
"""Characters of JSON above which a value leaves the journal."""

KEY = "$artifact"


async def spill(values: dict[str, Json], files: Files, workspace: str) -> dict[str, Json]:
    """Return the values with large ones replaced by `{"$artifact": id}`."""
    kept: dict[str, Json] = {}
    for name, value in values.items():
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | list | dict) else ""
        forged = isinstance(value, dict) and value.keys() == {KEY}
        if len(text) > LIMIT or forged:
            stored = await files.put(
                text.encode(), name=f"{name}.json", media_type="application/json", workspace=workspace
            )
            kept[name] = {KEY: stored["id"]}
        else:
            kept[name] = value
    return kept


async def restore(values: dict[str, Json], files: Files, workspace: str) -> dict[str, Json]:
    """Undo `spill`."""
    found: dict[str, Json] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value.keys() == {KEY}:
            _, content = await files.read(str(value[KEY]), workspace=workspace)
            found[name] = cast("Json", json.loads(content))
        else:
            found[name] = value
    return found
