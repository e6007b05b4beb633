"""Lists, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ParameterInvalid

__all__ = ["listed", "page"]


def page(objects: Sequence[Mapping[str, Any]], limit: int, after: str | None) -> dict[str, Any]:
    """Return the objects behind the one with the id `after`.

    Raises:
        ParameterInvalid: There is no such object.
    """
    start = 0
    if after is not None:
        places = [place for place, one in enumerate(objects) if one["id"] == after]
        if not places:
            raise ParameterInvalid(f"There is no {after!r} in the list.", where="after")
        start = places[0] + 1
    return listed(objects[start : start + limit + 1], limit)


def listed(found: Sequence[Mapping[str, Any]], limit: int) -> dict[str, Any]:
    """Return a page of what was found, which is one object more than the page has where there are more."""
    shown = [*found[:limit]]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(found) > limit,
    }
