"""Budgets: accounts that a run, its sub-flows and its nodes draw on.

A call sets its estimate aside before it starts (`reserve`) and replaces it by what it really used (`settle`). Both
count in the account and in all above it, so a sub-flow draws on its parent and a retry on the same account. With the
accounts' sums over settled and open calls, three bounds hold for every limit:

- it is never passed while no call uses more than it reserved;
- calls made one after another pass it by at most the size of the last one;
- in general it is passed by at most the sum of what the calls open at one time used beyond their reservations.

Nothing here waits or does I/O, so each method is atomic on the event loop; accounts are not for use by several threads.
Source: two-phase reservation of credit, as in RFC 8506 (Diameter credit-control, 2019), 5.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from ..base.errors import Json
from ..base.ids import new_id
from .errors import RunError

__all__ = ["KINDS", "Account", "BudgetExceeded", "Clock", "OnExceed", "Reservation"]

Clock: TypeAlias = Callable[[], float]
"""Seconds that never run backwards, such as the event loop's `time`."""

OnExceed: TypeAlias = Literal["stop", "degrade", "ask"]

KINDS: Final[tuple[str, ...]] = ("usd", "tokens", "seconds", "tool_calls")
"""US dollars, tokens of input and output, seconds of wall time, tool calls."""

_ROUNDING: Final = 1e-9
"""The relative error that sums of binary fractions may have: 0.1 three times fits into 0.3."""


class BudgetExceeded(RunError):
    """A budget does not hold what a call needs.

    Args:
        kind: What there is too little of.
        account: The account whose limit it is.
        wanted: What the call needs.
    """

    code = "BG750"
    exit_code = 4
    status = 402

    def __init__(self, kind: str, account: Account, wanted: float) -> None:
        self.kind = kind
        self.wanted = wanted
        self.limit = account.limits[kind]
        self.spent = account.spent(kind)
        self.reserved = account.reserved(kind)
        self.on_exceed = account.on_exceed
        parts = [f"The budget has {self.limit:.10g} {kind}, of which {self.spent:.10g} are spent"]
        if self.reserved:
            parts.append(f"{self.reserved:.10g} are reserved by open calls")
        if wanted:
            parts.append(f"{wanted:.10g} more are wanted")
        super().__init__(
            "; ".join(parts) + ".",
            where=account.path,
            fix=f"Raise 'budget.{kind}' there, or let the app do less.",
            details={
                "kind": kind,
                "limit": self.limit,
                "spent": self.spent,
                "reserved": self.reserved,
                "wanted": wanted,
                "account": account.path,
                "on_exceed": self.on_exceed,
            },
        )


@dataclass(frozen=True, slots=True)
class Reservation:
    """Amounts that are set aside for one call.

    Args:
        key: Names the call within its run.
        amounts: Amounts by kind.
    """

    key: str
    amounts: Mapping[str, float]


@dataclass(slots=True, eq=False)
class _Hold:
    """A reservation as one account sees it; an orphan's call was open when the account was saved."""

    amounts: Mapping[str, float]
    orphan: bool = False


@dataclass(slots=True, eq=False)
class _Timer:
    """Seconds of wall time."""

    past: float
    clock: Clock | None = None
    since: float = 0.0

    def total(self) -> float:
        return self.past if self.clock is None else self.past + max(self.clock() - self.since, 0.0)


class Account:
    """Limits, and what of them is spent and reserved.

    Seconds are wall time: they pass from `start` to `stop`, in each account on its own. A reservation of seconds only
    asks whether so many are left, and settled seconds are not added to those that the clock has counted.

    Args:
        limits: Limits by kind; a kind without one is counted only.
        parent: The account above, whose limits hold too.
        spent: What is spent already, by kind.
        on_exceed: What the engine does about `BudgetExceeded`: end the run, go on with less, or ask a person.
        name: The last part of the account's path.

    Raises:
        ValueError: An amount is negative or not a finite number, or there is no such kind.
    """

    __slots__ = ("_holds", "_spent", "_timer", "limits", "name", "on_exceed", "parent")

    def __init__(
        self,
        limits: Mapping[str, float],
        *,
        parent: Account | None = None,
        spent: Mapping[str, float] | None = None,
        on_exceed: OnExceed = "stop",
        name: str = "run",
    ) -> None:
        before = _checked(spent or {})
        self.name = name
        self.parent = parent
        self.limits: Mapping[str, float] = _checked(limits)
        self.on_exceed: OnExceed = on_exceed
        self._spent = {kind: before.get(kind, 0.0) for kind in KINDS if kind != "seconds"}
        self._holds: dict[str, _Hold] = {}
        self._timer = _Timer(before.get("seconds", 0.0))

    @property
    def path(self) -> str:
        """The names from the root account to this one, such as `run/research/search`."""
        return f"{self.parent.path}/{self.name}" if self.parent else self.name

    def reserve(self, amounts: Mapping[str, float], *, key: str | None = None) -> Reservation:
        """Set amounts aside in this account and all above it, or in none.

        A call that was open when the accounts were saved, and that reserves again under its key, takes its old
        reservation over instead of drawing twice.

        Args:
            amounts: Upper estimates by kind. Where a limit is overdrawn already, even an empty reservation is refused.
            key: Names the call within its run; by default a fresh id.

        Raises:
            BudgetExceeded: An account does not hold them.
            ValueError: An amount is negative or not a finite number, there is no such kind, or the key is in use.
        """
        wanted = _checked(amounts)
        name = key or new_id("hold")
        lineage = tuple(self._lineage())
        for account in lineage:
            account._admit(name, wanted)
        for account in lineage:
            account._holds[name] = _Hold(wanted)
        return Reservation(name, wanted)

    def settle(self, reservation: Reservation, used: Mapping[str, float]) -> None:
        """Replace a reservation by what was really used, which may be more.

        Args:
            reservation: What `reserve` returned.
            used: Amounts by kind; a kind that is missing was not used.

        Raises:
            ValueError: The reservation is not open in this account, an amount is negative or not a finite number, or
                there is no such kind.
        """
        amounts = _checked(used)
        if reservation.key not in self._holds:
            raise ValueError(f"no reservation {reservation.key!r} is open in {self.path!r}")
        for account in self._lineage():
            account._holds.pop(reservation.key, None)
            for kind in account._spent:
                account._spent[kind] += amounts.get(kind, 0.0)

    def release(self, reservation: Reservation) -> None:
        """Give a reservation back unused; one that is not open any more is left alone."""
        if reservation.key in self._holds:
            self.settle(reservation, {})

    def start(self, clock: Clock) -> None:
        """Let the seconds of this account pass; all accounts of a tree use the same clock."""
        self.stop()
        self._timer = _Timer(self._timer.past, clock, clock())

    def stop(self) -> None:
        """Let no more seconds pass, for example while the run waits for a person."""
        self._timer = _Timer(self._timer.total())

    def deadline(self) -> float | None:
        """Return the clock's time at which the first running account of the lineage has no seconds left, or None."""
        times = [
            account._timer.since + account.limits["seconds"] - account._timer.past
            for account in self._lineage()
            if account._timer.clock and "seconds" in account.limits
        ]
        return min(times, default=None)

    def spent(self, kind: str) -> float:
        """Return what this account has settled; of seconds, those that have passed."""
        return self._timer.total() if kind == "seconds" else self._spent[kind]

    def reserved(self, kind: str) -> float:
        """Return what the open calls of this account and of those below it have set aside."""
        if kind == "seconds":
            return 0.0
        return math.fsum(hold.amounts.get(kind, 0.0) for hold in self._holds.values())

    def left(self, kind: str) -> float:
        """Return what a call may still reserve: the least of the lineage, at least 0, infinite without a limit."""
        return max(min(account._room(kind) for account in self._lineage()), 0.0)

    def usage(self) -> dict[str, float]:
        """Return what is spent, by kind."""
        return {kind: self.spent(kind) for kind in KINDS}

    def exceeded(self, kind: str, wanted: float = 0.0) -> BudgetExceeded:
        """Return the error for a limit that a call ran into on its way, such as the deadline.

        Raises:
            ValueError: No account of the lineage limits this kind.
        """
        limited = [account for account in self._lineage() if kind in account.limits]
        if not limited:
            raise ValueError(f"{self.path!r} has no limit of {kind!r}")
        return BudgetExceeded(kind, min(limited, key=lambda account: account._room(kind)), wanted)

    def to_json(self) -> dict[str, Json]:
        """Return this account, without those above it, as JSON data; seconds as they stand now."""
        return {
            "name": self.name,
            "limits": dict(self.limits),
            "on_exceed": self.on_exceed,
            "spent": dict(self.usage()),
            "reserved": {key: dict(hold.amounts) for key, hold in self._holds.items()},
        }

    @classmethod
    def from_json(cls, data: Json, *, parent: Account | None = None) -> Account:
        """Read what `to_json` wrote; the seconds stand still until `start`.

        The open reservations stay set aside until their calls reserve again under the same keys: what the interrupted
        calls have used is unknown.

        Raises:
            ValueError: `data` is no such account.
        """
        match data:
            case {
                "name": str(name),
                "limits": dict(limits),
                "on_exceed": "stop" | "degrade" | "ask" as on_exceed,
                "spent": dict(spent),
                "reserved": dict(reserved),
            }:
                account = cls(_read(limits), parent=parent, spent=_read(spent), on_exceed=on_exceed, name=name)
            case _:
                raise ValueError("this is no account")
        account._holds.update({key: _Hold(_checked(_read(amounts)), orphan=True) for key, amounts in reserved.items()})
        return account

    def _lineage(self) -> Iterator[Account]:
        account: Account | None = self
        while account:
            yield account
            account = account.parent

    def _room(self, kind: str) -> float:
        return self.limits.get(kind, math.inf) - self.spent(kind) - self.reserved(kind)

    def _admit(self, key: str, wanted: Mapping[str, float]) -> None:
        """Check one account; what an orphan of the same key holds counts as free."""
        old = self._holds.get(key)
        if old and not old.orphan:
            raise ValueError(f"the reservation {key!r} is open in {self.path!r} already")
        for kind, limit in self.limits.items():
            free = self._room(kind) + (old.amounts.get(kind, 0.0) if old and kind != "seconds" else 0.0)
            if wanted.get(kind, 0.0) > free + limit * _ROUNDING:
                raise BudgetExceeded(kind, self, wanted.get(kind, 0.0))


def _checked(amounts: Mapping[str, float]) -> dict[str, float]:
    for kind, amount in amounts.items():
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of a budget")
        if not (math.isfinite(amount) and amount >= 0):
            raise ValueError(f"{amount!r} is no amount of {kind!r}")
    return {kind: float(amount) for kind, amount in amounts.items()}


def _read(data: Json) -> Mapping[str, float]:
    if not isinstance(data, dict) or not all(type(amount) in (int, float) for amount in data.values()):
        raise ValueError("these are no amounts by kind")
    return cast("dict[str, float]", data)
