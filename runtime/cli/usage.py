"""`baigong usage`: what was spent."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from .options import AsJson
from .output import emit, say

if TYPE_CHECKING:
    from .client import Client

__all__ = ["usage"]


class Group(StrEnum):
    """By what the sums are made."""

    DAY = "day"
    APP = "app"
    USER = "user"


def usage(
    by: Annotated[Group, typer.Option("--by", help="By what the sums are made.")] = Group.DAY,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How many days, today among them.")] = 30,
    as_json: AsJson = False,
) -> int:
    """Show what the workspace has spent: US dollars, tokens and tool calls by day, app or user."""
    from .client import ask

    async def work(client: Client) -> int:
        found = await client.get("/v1/usage", by=by.value, days=days)
        if as_json:
            emit(found)
        else:
            names = (by.value, "usd", "tokens", "tool_calls")
            rows = [names, *(tuple(str(row[name]) for name in names) for row in found["usage"])]
            width = max(len(row[0]) for row in rows)
            for first, *amounts in rows:
                say(f"{first:<{width}}" + "".join(f"  {amount:>12}" for amount in amounts))
        return 0

    return ask(work)
