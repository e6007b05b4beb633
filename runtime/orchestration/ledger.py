"""A node's purse: reservations on the run's account, journalled where there is a limit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from agents.graph import CompiledNode

from ..base.errors import Json
from ..base.ids import new_id
from ..models.ports import Offer
from .budget import DAILY, Account, BudgetExceeded, Reservation, counted_from
from .frame import Frame
from .grants import beg, granted
from .segment import Segment

__all__ = ["BOOK", "Purse", "book", "node_account", "write_off"]

BOOK: Final = (
    "INSERT INTO expenses (workspace, day, app, principal, usd, tokens, tool_calls) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (workspace, day, app, principal) DO UPDATE SET usd = expenses.usd + excluded.usd, "
    "tokens = expenses.tokens + excluded.tokens, tool_calls = expenses.tool_calls + excluded.tool_calls"
)
"""Adds to what somebody has spent on a day."""


class Purse:
    """Implements `agents.context.Budget`; a node with limits of its own gets an account below the graph's.

    Args:
        segment: The run.
        account: What is drawn on.
        path: The node that draws.
        attempt: Its attempt.
    """

    def __init__(self, segment: Segment, account: Account, path: str, attempt: int) -> None:
        self.account = account
        self._segment = segment
        self._path = path
        self._attempt = attempt
        self._held: dict[str, Reservation] = {}

    async def reserve(self, amounts: Mapping[str, float]) -> str:
        """Set amounts aside and return the reservation's id.

        Raises:
            BudgetExceeded: The account or one above it does not hold them.
            GraphInterrupt: A person is asked for more.
        """
        refusal = self.account.refusal(amounts)
        if refusal is not None:
            await self.refused(refusal)
        name = new_id("res")
        self._held[name] = self.account.reserve(amounts, key=name)
        if self.account.limited(amounts):
            self._emit("reserved", {"reservation": name, "amounts": dict(amounts)})
        return name

    async def choose(self, offers: Sequence[Offer]) -> tuple[str, list[str]]:
        """Set aside what the offers that fit take at most, and return the reservation's id and their deployments.

        Raises:
            BudgetExceeded: The first offer does not fit, and the budget says nothing about going on with less.
            GraphInterrupt: A person is asked for more.
        """
        refusals = {offer.deployment: self.account.refusal(offer.amounts) for offer in offers}
        fitting = [offer for offer in offers if refusals[offer.deployment] is None]
        first = refusals[offers[0].deployment]
        if first is not None:
            if not fitting or first.on_exceed != "degrade":
                await self.refused(first)
            self._emit("exceeded", {**first.details, "instead": [offer.deployment for offer in fitting]})
        most = {kind: max(one.amounts.get(kind, 0.0) for one in fitting) for kind in fitting[0].amounts}
        return await self.reserve(most), [offer.deployment for offer in fitting]

    async def settle(self, reservation: str, amounts: Mapping[str, float], *, lost: bool = False) -> None:
        """Replace a reservation by what was really used.

        Args:
            reservation: The reservation.
            amounts: What was used.
            lost: Whether no record of the call will say so.
        """
        held = self._held.pop(reservation)
        if self.account.limited(held.amounts):
            data: dict[str, Json] = {"reservation": reservation, "used": dict(amounts)}
            self._emit("settled", {**data, "lost": True} if lost else data)
        self.account.settle(held, amounts)
        book(self._segment, amounts)

    async def lose(self, reservation: str) -> None:
        """Settle a call that was cut off: its money may be gone."""
        await self.settle(reservation, _at_risk(self._held[reservation].amounts), lost=True)

    def left(self, kind: str) -> float | None:
        """Return what is left of a kind, or None where it is not limited."""
        left = self.account.left(kind)
        return None if math.isinf(left) else left

    async def refused(self, refusal: BudgetExceeded) -> None:
        """Write that a limit was reached, and ask for more where the budget says so.

        Raises:
            BudgetExceeded: There is no more.
            GraphInterrupt: A person is asked for more.
        """
        self._emit("exceeded", refusal.details)
        await beg(self._segment, refusal)

    def _emit(self, what: str, data: Mapping[str, Json]) -> None:
        self._segment.journal.emit(f"budget.{what}", self._path, data, attempt=self._attempt)


def write_off(segment: Segment) -> None:
    """Settle the reservations of calls that a crash cut off: their money may be gone."""
    memory = segment.journal.memory
    for name, (path, amounts) in tuple(memory.reserved.items()):
        used = _at_risk(amounts)
        data: dict[str, Json] = {"reservation": name, "used": dict(used), "lost": True}
        memory.absorb(segment.journal.emit("budget.settled", path, data))
        segment.account.charge(used)
        book(segment, used)


def node_account(frame: Frame, path: str, node: CompiledNode) -> Account:
    """Return a node's own account: one for all its attempts, with what the journal says is spent below its path."""
    segment = frame.segment
    known = segment.accounts.get(path)
    if known is None:
        memory = segment.journal.memory
        spent = {**memory.spent_below(path), "seconds": memory.busy(path)}
        known = segment.accounts[path] = Account(
            counted_from(node.budget, frame.depth),
            parent=frame.account,
            spent=spent,
            name=path,
            level="node",
            on_exceed=node.on_exceed,
        )
        granted(segment, known)
    return known


def book(segment: Segment, used: Mapping[str, float]) -> None:
    """Add to what the app's user has spent today."""
    if segment.day is None or not any(used.get(kind) for kind in DAILY):
        return
    info = segment.info
    row = (info.workspace, segment.day, info.app, info.principal, *(used.get(kind, 0) for kind in DAILY))
    segment.journal.stream.append(BOOK, row)


def _at_risk(amounts: Mapping[str, float]) -> dict[str, float]:
    return {"usd": amounts["usd"]} if amounts.get("usd") else {}
