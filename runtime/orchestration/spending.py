"""What workspaces, apps and their users have spent today: accounts that all their runs draw on.

The table `expenses` is written in the transactions in which calls are recorded, so that a crash loses nothing of it.
A day is a calendar day where the process runs; a run draws on the day on which it was started or taken up.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from agents.graph import CompiledApp
from agents.spec.document import Amounts

from ..base.errors import Json
from ..storage import Connection, Reader
from .budget import DAILY, Account, Level, OnExceed
from .record import RunInfo

__all__ = ["Spending", "today"]

_SUM: Final = (
    "SELECT coalesce(sum(usd), 0), coalesce(sum(tokens), 0), coalesce(sum(tool_calls), 0) FROM expenses "
    "WHERE workspace = ? AND day = ? AND (? IS NULL OR app = ?) AND (? IS NULL OR principal = ?)"
)
_GROUPS: Final = {"day": "day", "app": "app", "user": "principal"}


def today() -> str:
    """Return the date where the process runs."""
    return time.strftime("%Y-%m-%d")


class Spending:
    """The accounts of this day.

    Args:
        reader: Reads what was spent before.
        limits: Limits of each workspace by the day.
        shared: Whether other processes spend, too; what they have spent is read whenever a run starts.
    """

    def __init__(self, reader: Reader, limits: Mapping[str, float], *, shared: bool = False) -> None:
        self._shared = shared
        self._reader = reader
        self._limits = limits
        self._accounts: dict[tuple[str, ...], Account] = {}
        self._day = ""

    async def account(self, day: str, app: CompiledApp, info: RunInfo) -> Account:
        """Return the account of an app's user, which stands below the app's and that below the workspace's."""
        budget = app.document.budget
        on_exceed = budget.on_exceed or "stop"
        whole = await self.workspace(day, info.workspace)
        of_app = await self._find("app", (day, info.workspace, info.app), whole)
        _change(of_app, budget.per_day, on_exceed)
        user = await self._find("user", (day, info.workspace, info.app, info.principal), of_app)
        _change(user, budget.per_user, on_exceed)
        return user

    async def workspace(self, day: str, workspace: str) -> Account:
        """Return the account of a workspace."""
        if day > self._day:
            self._day, self._accounts = day, {}
        whole = await self._find("workspace", (day, workspace), None)
        whole.change(self._limits, "stop")
        return whole

    async def _find(self, level: Level, key: tuple[str, ...], parent: Account | None) -> Account:
        if key not in self._accounts or self._shared:
            spent = await self._reader.run(lambda connection: _spent(connection, *key))
            made = Account({}, parent=parent, spent=spent, name=key[-1], level=level)
            # Somebody else may have made it meanwhile, and spent on it: theirs counts.
            self._accounts.setdefault(key, made).raise_to(spent)
        return self._accounts[key]

    async def usage(self, workspace: str, *, since: str, by: str) -> list[dict[str, Json]]:
        """Return what was spent since a date, by `day`, `app` or `user`, the latest or dearest first.

        Raises:
            KeyError: It cannot be grouped by that.
        """
        column = _GROUPS[by]
        order = "1 DESC" if by == "day" else "2 DESC, 3 DESC, 1"
        query = (
            f"SELECT {column}, sum(usd), sum(tokens), sum(tool_calls) FROM expenses "  # noqa: S608 a constant
            f"WHERE workspace = ? AND day >= ? GROUP BY 1 ORDER BY {order}"
        )
        rows = await self._reader.run(lambda connection: connection.execute(query, (workspace, since)).fetchall())
        return [
            {by: name, "usd": round(usd, 9), "tokens": int(tokens), "tool_calls": int(calls)}
            for name, usd, tokens, calls in rows
        ]


def _spent(
    connection: Connection, day: str, workspace: str, app: str | None = None, user: str | None = None
) -> dict[str, float]:
    row = connection.execute(_SUM, (workspace, day, app, app, user, user)).fetchone()
    return dict(zip(DAILY, row, strict=True))


def _change(account: Account, amounts: Amounts | None, on_exceed: OnExceed) -> None:
    limits = amounts.model_dump(exclude_none=True) if amounts else {}
    account.change({kind: float(amount) for kind, amount in limits.items()}, on_exceed)
