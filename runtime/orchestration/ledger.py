"""A node's purse: reservations on the run's account, journalled where there is a limit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..base.ids import new_id
from .budget import Account, Reservation

__all__ = ["Purse"]


class Purse:
    """Implements `agents.context.Budget`; a node with limits of its own gets an account below the graph's."""

    def __init__(self, parent: Account, path: str, limits: Mapping[str, float]) -> None:
        self.account = Account(limits, parent=parent, name=path) if limits else parent
        self._held: dict[str, Reservation] = {}

    async def reserve(self, amounts: Mapping[str, float]) -> str:
        """Set amounts aside and return the reservation's id.

        Raises:
            BudgetExceeded: The account or one above it does not hold them.
        """
        name = new_id("res")
        self._held[name] = self.account.reserve(amounts)
        return name

    async def settle(self, reservation: str, amounts: Mapping[str, float]) -> None:
        """Replace a reservation by what was really used."""
        self.account.settle(self._held.pop(reservation), amounts)

    def left(self, kind: str) -> float | None:
        """Return what is left of a kind, or None where it is not limited."""
        left = self.account.left(kind)
        return None if math.isinf(left) else left
