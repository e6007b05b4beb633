"""What was said before: the responses that a body goes on from, and items that it only names."""

from __future__ import annotations

from collections.abc import Sequence

from ...storage import ResponseStore
from ..errors import ParameterInvalid
from .items import Stored, Turn
from .response_bodies import ResponseBody

__all__ = ["conversation", "resolved"]


async def conversation(body: ResponseBody, store: ResponseStore, workspace: str) -> list[Stored]:
    """Return the items of the responses that a body goes on from, oldest first.

    Raises:
        ParameterInvalid: One of them is not there.
    """
    if body.previous_response_id is None:
        return []
    chain = await store.chain(body.previous_response_id, workspace)
    if chain is None:
        raise ParameterInvalid(
            f"The response {body.previous_response_id!r}, or one that it goes on from, is not stored here.",
            where="previous_response_id",
            details={"code": "previous_response_not_found"},
        )
    return [item for row in chain for item in (*row.input, *row.body["output"])]


async def resolved(items: Sequence[Stored], store: ResponseStore, workspace: str) -> list[Stored]:
    """Return items with those that are only named.

    Raises:
        ParameterInvalid: There is no such item.
    """
    return [
        item if item["type"] != "item_reference" else await _item(item["id"], f"input[{place}].id", store, workspace)
        for place, item in enumerate(items)
    ]


async def _item(name: str | None, where: str, store: ResponseStore, workspace: str) -> Stored:
    response = Turn.response_of(name or "")
    row = await store.get(response, workspace) if response else None
    for item in (*row.input, *row.body["output"]) if row else ():
        if item["id"] == name:
            return item
    raise ParameterInvalid(f"There is no stored item {name!r}.", where=where, details={"code": "item_not_found"})
