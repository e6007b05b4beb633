"""Which parameters of a tool receive a file: the host puts a read-only path where the app has a `file`."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.base.errors import Json

__all__ = ["MARK", "file_parameters"]

MARK = "x-baigong"
"""The JSON Schema keyword that says `file`."""


def file_parameters(schema: Mapping[str, Json]) -> frozenset[str]:
    """Return the names of the top-level parameters whose schema says `"x-baigong": "file"`."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return frozenset()
    return frozenset(name for name, one in properties.items() if isinstance(one, dict) and one.get(MARK) == "file")
