"""Budgets: accounts that a run, its sub-flows and its nodes draw on.

A call sets its estimate aside before it starts (`reserve`) and replaces it by what it really used (`settle`). Both
count in the account and in all above it, so a sub-flow draws on its parent and a retry on the same account. With the
accounts' sums over settled and open calls, three bounds hold for every limit:

- it is never passed while no call uses more than it reserved;
- calls made one after another pass it by at most the size of the last one;
- in general it is passed by at most the sum of what the calls open at one time used beyond their reservations.

Above the account of a run stand those of its user, its app and its workspace, which begin anew each day.

Nothing here waits or does I/O, so each method is atomic on the event loop; accounts are not for use by several threads.
Source: two-phase reservation of credit, as in RFC 8506 (Diameter credit-control, 2019), 5.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from agents.graph import CompiledApp

from ..base.ids import new_id
from .errors import RunError

__all__ = [
    "DAILY",
    "KINDS",
    "Account",
    "BudgetExceeded",
    "Clock",
    "Level",
    "OnExceed",
    "Reservation",
    "counted_from",
    "limits_of",
]

Clock: TypeAlias = Callable[[], float]
"""Seconds that never run backwards, such as the event loop's `time`."""

OnExceed: TypeAlias = Literal["stop", "degrade", "ask"]

Level: TypeAlias = Literal["node", "flow", "run", "user", "app", "workspace"]
"""Whose account it is; the last three are of one day."""

KINDS: Final[tuple[str, ...]] = ("usd", "tokens", "seconds", "tool_calls", "turns", "depth")
"""US dollars, tokens of input and output, seconds of wall time, tool calls, rounds of loops and turns of agents, and
how deep graphs run inside graphs."""

DAILY: Final[tuple[str, ...]] = ("usd", "tokens", "tool_calls")
"""What can be limited by the day."""

_PASSING: Final = ("seconds", "depth")
"""Kinds of which a reservation only asks whether so much is left: it takes nothing away."""

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
        self.limit = account.limit(kind)
        self.spent = account.spent(kind)
        self.reserved = account.reserved(kind)
        self.on_exceed = account.on_exceed
        self.account = account
        parts = [f"{account.title} has {self.limit:.10g} {kind}, of which {self.spent:.10g} are spent"]
        if self.reserved:
            parts.append(f"{self.reserved:.10g} are reserved by open calls")
        if wanted:
            parts.append(f"{wanted:.10g} more are wanted" if kind != "depth" else f"{wanted:.10g} are wanted")
        super().__init__(
            "; ".join(parts) + ".",
            where=account.place,
            fix=f"Raise {account.setting(kind)}, or let the app do less.",
            details={
                "kind": kind,
                "level": account.level,
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
        key: Names the call.
        amounts: Amounts by kind.
    """

    key: str
    amounts: Mapping[str, float]


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
    asks whether so many are left, and settled seconds are not added to those that the clock has counted. So it is with
    depth, of which nothing is ever spent.

    Args:
        limits: Limits by kind; a kind without one is counted only.
        parent: The account above, whose limits hold too.
        spent: What is spent already, by kind.
        on_exceed: What the engine does about `BudgetExceeded`: end the run, go on with less, or ask a person.
        name: The last part of the account's path.
        level: Whose account it is.

    Raises:
        ValueError: An amount is negative or not a finite number, or there is no such kind.
    """

    __slots__ = ("_granted", "_holds", "_spent", "_timer", "level", "limits", "name", "on_exceed", "parent")

    def __init__(
        self,
        limits: Mapping[str, float],
        *,
        parent: Account | None = None,
        spent: Mapping[str, float] | None = None,
        on_exceed: OnExceed = "stop",
        name: str = "run",
        level: Level = "run",
    ) -> None:
        before = _checked(spent or {})
        self.name = name
        self.parent = parent
        self.level: Level = level
        self.on_exceed: OnExceed = on_exceed
        self.limits: Mapping[str, float] = _checked(limits)
        self._granted: dict[str, tuple[str, float]] = {}
        self._spent = {kind: before.get(kind, 0.0) for kind in KINDS if kind not in _PASSING}
        self._holds: dict[str, Mapping[str, float]] = {}
        self._timer = _Timer(before.get("seconds", 0.0))

    @property
    def path(self) -> str:
        """The names from the root account to this one, such as `run/research/search`."""
        return f"{self.parent.path}/{self.name}" if self.parent else self.name

    @property
    def place(self) -> str:
        """The node path of a node's account, else the level."""
        return self.name if self.level in ("node", "flow") else self.level

    @property
    def title(self) -> str:
        """Whose budget it is, in words."""
        match self.level:
            case "run":
                return "The run's budget"
            case "node":
                return f"The budget of the node {self.name!r}"
            case "flow":
                return f"The budget of the app that {self.name!r} runs"
            case "user":
                return "The user's budget of the day"
            case "app":
                return "The app's budget of the day"
            case "workspace":
                return "The workspace's budget of the day"

    def setting(self, kind: str) -> str:
        """Return where its limit of a kind is written."""
        match self.level:
            case "run":
                return f"budget.{kind}"
            case "user":
                return f"budget.per_user.{kind}"
            case "app":
                return f"budget.per_day.{kind}"
            case "workspace":
                return f"BAIGONG_DAY_{kind.upper()}"
            case "node" | "flow":
                return f"budget.{kind} of {self.name}"

    def limit(self, kind: str) -> float:
        """Return the limit of a kind with what was granted beyond it, infinite without one."""
        written = self.limits.get(kind, math.inf)
        return written + math.fsum(amount for of, amount in self._granted.values() if of == kind)

    def limited(self, kinds: Iterable[str]) -> bool:
        """Whether this account or one above it limits one of some kinds."""
        return any(kind in account.limits for account in self._lineage() for kind in kinds)

    def change(self, limits: Mapping[str, float], on_exceed: OnExceed) -> None:
        """Take other limits from now on."""
        self.limits = _checked(limits)
        self.on_exceed = on_exceed

    def raise_to(self, spent: Mapping[str, float]) -> None:
        """Take over what is known to be spent by now, where that is more than this account has seen."""
        for kind, amount in _checked(spent).items():
            self._spent[kind] = max(self._spent[kind], amount)

    def grant(self, key: str, kind: str, amount: float) -> None:
        """Raise a limit; the same key counts once."""
        self._granted[key] = (kind, _checked({kind: amount})[kind])

    def refusal(self, amounts: Mapping[str, float]) -> BudgetExceeded | None:
        """Return why amounts cannot be set aside now, or None if they can.

        Where a limit is overdrawn already, even nothing is refused.

        Raises:
            ValueError: An amount is negative or not a finite number, or there is no such kind.
        """
        wanted = _checked(amounts)
        found = (account._refusal(wanted) for account in self._lineage())
        return next((refusal for refusal in found if refusal is not None), None)

    def reserve(self, amounts: Mapping[str, float], *, key: str | None = None) -> Reservation:
        """Set amounts aside in this account and all above it, or in none.

        Args:
            amounts: Upper estimates by kind.
            key: Names the call; by default a fresh id.

        Raises:
            BudgetExceeded: An account does not hold them.
            ValueError: An amount is negative or not a finite number, there is no such kind, or the key is in use.
        """
        name = key or new_id("hold")
        if any(name in account._holds for account in self._lineage()):
            raise ValueError(f"the reservation {name!r} is open in {self.path!r} already")
        refusal = self.refusal(amounts)
        if refusal is not None:
            raise refusal
        held = _checked(amounts)
        for account in self._lineage():
            account._holds[name] = held
        return Reservation(name, held)

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
        self.charge(amounts)

    def charge(self, used: Mapping[str, float]) -> None:
        """Count amounts as spent that nobody has reserved.

        Raises:
            ValueError: An amount is negative or not a finite number, or there is no such kind.
        """
        amounts = _checked(used)
        for account in self._lineage():
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
            account._timer.since + account.limit("seconds") - account._timer.past
            for account in self._lineage()
            if account._timer.clock and "seconds" in account.limits
        ]
        return min(times, default=None)

    def spent(self, kind: str) -> float:
        """Return what this account has settled; of seconds, those that have passed."""
        if kind == "seconds":
            return self._timer.total()
        return self._spent.get(kind, 0.0)

    def reserved(self, kind: str) -> float:
        """Return what the open calls of this account and of those below it have set aside."""
        if kind in _PASSING:
            return 0.0
        return math.fsum(held.get(kind, 0.0) for held in self._holds.values())

    def left(self, kind: str) -> float:
        """Return what a call may still reserve: the least of the lineage, at least 0, infinite without a limit."""
        return max(min(account._room(kind) for account in self._lineage()), 0.0)

    def usage(self) -> dict[str, float]:
        """Return what is spent, by kind."""
        return {kind: self.spent(kind) for kind in KINDS if kind != "depth"}

    def exceeded(self, kind: str, wanted: float = 0.0) -> BudgetExceeded:
        """Return the error for a limit that a call ran into on its way, such as the deadline.

        Raises:
            ValueError: No account of the lineage limits this kind.
        """
        limited = [account for account in self._lineage() if kind in account.limits]
        if not limited:
            raise ValueError(f"{self.path!r} has no limit of {kind!r}")
        return BudgetExceeded(kind, min(limited, key=lambda account: account._room(kind)), wanted)

    def _lineage(self) -> Iterator[Account]:
        account: Account | None = self
        while account:
            yield account
            account = account.parent

    def _room(self, kind: str) -> float:
        return self.limit(kind) - self.spent(kind) - self.reserved(kind)

    def _refusal(self, wanted: Mapping[str, float]) -> BudgetExceeded | None:
        for kind in self.limits:
            if wanted.get(kind, 0.0) > self._room(kind) + self.limit(kind) * _ROUNDING:
                return BudgetExceeded(kind, self, wanted.get(kind, 0.0))
        return None


def _checked(amounts: Mapping[str, float]) -> dict[str, float]:
    for kind, amount in amounts.items():
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of a budget")
        if not (math.isfinite(amount) and amount >= 0):
            raise ValueError(f"{amount!r} is no amount of {kind!r}")
    return {kind: float(amount) for kind, amount in amounts.items()}


def limits_of(app: CompiledApp, *, depth: int = 0) -> dict[str, float]:
    """Return the limits of each run of an app, by kind.

    Args:
        app: The app.
        depth: Inside how many others it runs, from which its own limit of depth counts.
    """
    limits = app.document.budget.model_dump(exclude={"on_exceed", "per_day", "per_user"}, exclude_none=True)
    return counted_from({kind: float(amount) for kind, amount in limits.items()}, depth)


def counted_from(limits: Mapping[str, float], depth: int) -> dict[str, float]:
    """Return limits of something that stands so deep itself."""
    return {kind: limit + depth if kind == "depth" else limit for kind, limit in limits.items()}
