"""A node's purse: reservations on the run's account, journalled where there is a limit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..base.ids import new_id
from .budget import Account, Reservation
from .segment import Segment

__all__ = ["Purse"]


class Purse:
    """Implements `agents.context.Budget`; a node with limits of its own gets an account below the graph's."""

    def __init__(self, segment: Segment, parent: Account, path: str, limits: Mapping[str, float]) -> None:
        self.account = _account(segment, parent, path, limits) if limits else parent
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


def _account(segment: Segment, parent: Account, path: str, limits: Mapping[str, float]) -> Account:
    """Return a node's own account: one for all its attempts, with what the journal says is spent below its path."""
    known = segment.accounts.get(path)
    if known is None:
        spent = segment.journal.memory.spent_below(path)
        known = segment.accounts[path] = Account(limits, parent=parent, spent=spent, name=path)
    return known
