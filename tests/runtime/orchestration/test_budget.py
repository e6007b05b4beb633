from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.orchestration.budget import KINDS, Account, BudgetExceeded, Reservation

COUNTED: tuple[str, ...] = ("usd", "tokens", "tool_calls")
CONSTANT = 1e-6
"""Slack for sums of binary fractions; every amount below is at most 100."""


@dataclass(slots=True)
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_reservation_counts_until_it_is_settled() -> None:
    account = Account({"tokens": 100})
    first = account.reserve({"tokens": 60})
    assert (account.left("tokens"), account.reserved("tokens"), account.spent("tokens")) == (40, 60, 0)
    account.settle(first, {"tokens": 45})
    assert (account.left("tokens"), account.reserved("tokens"), account.spent("tokens")) == (55, 0, 45)


def test_a_released_reservation_costs_nothing_and_may_be_released_twice() -> None:
    parent = Account({"tokens": 100})
    account = Account({}, parent=parent, name="look")
    hold = account.reserve({"tokens": 60})
    account.release(hold)
    account.release(hold)
    assert parent.left("tokens") == account.left("tokens") == 100
    assert set(parent.usage().values()) == {0.0}


def test_a_reservation_is_settled_once() -> None:
    account = Account({"tokens": 100})
    hold = account.reserve({"tokens": 60})
    account.settle(hold, {"tokens": 60})
    with pytest.raises(ValueError, match="no reservation"):
        account.settle(hold, {"tokens": 60})
    assert account.spent("tokens") == 60


def test_a_sub_flow_draws_on_its_parent() -> None:
    run = Account({"usd": 1.0})
    flow = Account({"usd": 5.0}, parent=run, name="flow")
    node = Account({}, parent=flow, name="ask")
    hold = node.reserve({"usd": 0.75})
    assert [account.left("usd") for account in (run, flow, node)] == [0.25, 0.25, 0.25]
    node.settle(hold, {"usd": 0.5})
    assert [account.spent("usd") for account in (run, flow, node)] == [0.5, 0.5, 0.5]


def test_a_refusal_takes_nothing_anywhere() -> None:
    run = Account({"tokens": 50})
    node = Account({"tokens": 500}, parent=run, name="ask")
    with pytest.raises(BudgetExceeded):
        node.reserve({"tokens": 60})
    assert (node.left("tokens"), node.reserved("tokens"), run.reserved("tokens")) == (50, 0, 0)
    node.reserve({"tokens": 50})


def test_the_refusal_names_everything() -> None:
    run = Account({"usd": 2, "tool_calls": 3}, spent={"tool_calls": 1}, on_exceed="ask")
    node = Account({"tool_calls": 9}, parent=run, name="fetch")
    node.reserve({"tool_calls": 2})
    with pytest.raises(BudgetExceeded) as caught:
        node.reserve({"tool_calls": 1})
    error = caught.value
    assert (error.code, error.exit_code, error.status) == ("BG750", 4, 402)
    assert error.to_json() == {
        "code": "BG750",
        "message": "The run's budget has 3 tool_calls, of which 1 are spent; 2 are reserved by open calls; "
        "1 more are wanted.",
        "where": "run",
        "fix": "Raise budget.tool_calls, or let the app do less.",
        "details": {
            "kind": "tool_calls",
            "level": "run",
            "limit": 3.0,
            "spent": 1.0,
            "reserved": 2.0,
            "wanted": 1.0,
            "account": "run",
            "on_exceed": "ask",
        },
    }


def test_the_refusal_names_the_node_whose_limit_it_is() -> None:
    run = Account({"tokens": 10_000_000})
    node = Account({"tokens": 1_234_567}, parent=Account({}, parent=run, name="flow"), name="ask", level="node")
    with pytest.raises(BudgetExceeded, match=r"has 1234567 tokens, .* 2000000 more are wanted. \(ask\)"):
        node.reserve({"tokens": 2_000_000})


def test_an_overdrawn_limit_refuses_every_later_call() -> None:
    account = Account({"usd": 1.0, "tokens": 100})
    account.settle(account.reserve({"usd": 0.5}), {"usd": 1.5})
    assert account.left("usd") == 0
    with pytest.raises(BudgetExceeded) as caught:
        account.reserve({"tokens": 1})
    assert caught.value.kind == "usd"


def test_a_limit_may_be_used_up_exactly() -> None:
    account = Account({"usd": 0.3, "tool_calls": 0})
    for _ in range(3):
        account.settle(account.reserve({"usd": 0.1}), {"usd": 0.1})
    account.reserve({})
    with pytest.raises(BudgetExceeded):
        account.reserve({"usd": 0.0001})


def test_what_has_no_limit_is_counted() -> None:
    account = Account({"usd": 1})
    account.settle(account.reserve({"tokens": 1e9}), {"tokens": 2e9, "tool_calls": 1})
    assert account.left("tokens") == float("inf")
    assert account.usage() == {"usd": 0, "tokens": 2e9, "seconds": 0, "tool_calls": 1, "turns": 0}


def test_a_key_is_open_once() -> None:
    run = Account({"tokens": 100})
    run.reserve({"tokens": 10}, key="a")
    with pytest.raises(ValueError, match="open in 'run/other' already"):
        Account({}, parent=run, name="other").reserve({"tokens": 10}, key="a")
    assert run.reserved("tokens") == 10


@pytest.mark.parametrize("amounts", [{"token": 1}, {"tokens": -1}, {"usd": float("nan")}, {"usd": float("inf")}])
def test_amounts_are_checked(amounts: dict[str, float]) -> None:
    account = Account({"usd": 1})
    hold = account.reserve({"usd": 0.5})
    for attempt in (
        lambda: account.reserve(amounts),
        lambda: account.settle(hold, amounts),
        lambda: Account(amounts),
        lambda: Account({}, spent=amounts),
    ):
        with pytest.raises(ValueError, match=r"is no (kind|amount)"):
            attempt()
    assert account.reserved("usd") == 0.5


def test_seconds_pass_by_the_clock() -> None:
    clock = Clock()
    account = Account({"seconds": 10}, spent={"seconds": 3})
    assert (account.deadline(), account.left("seconds")) == (None, 7)
    account.start(clock)
    assert account.deadline() == 107
    clock.now = 106.0
    account.settle(account.reserve({"seconds": 1}), {"seconds": 500})
    assert (account.left("seconds"), account.usage()["seconds"]) == (1, 9)
    with pytest.raises(BudgetExceeded, match=r"10 seconds, of which 9 are spent; 2 more"):
        account.reserve({"seconds": 2})
    clock.now = 107.5
    with pytest.raises(BudgetExceeded) as caught:
        account.reserve({"tokens": 1})
    assert (caught.value.kind, caught.value.spent) == ("seconds", 10.5)


def test_seconds_stand_still_between_stop_and_start() -> None:
    clock = Clock()
    account = Account({"seconds": 10})
    account.start(clock)
    clock.now = 104.0
    account.stop()
    clock.now = 900.0
    assert account.spent("seconds") == 4
    account.start(clock)
    assert account.deadline() == 906


def test_the_first_deadline_of_the_lineage_counts() -> None:
    clock = Clock()
    run = Account({"seconds": 60})
    run.start(clock)
    clock.now = 130.0
    long, short = (Account({"seconds": limit}, parent=run, name="ask", level="node") for limit in (50, 5))
    long.start(clock)
    short.start(clock)
    assert (long.deadline(), short.deadline()) == (160, 135)
    clock.now = 136.0
    assert short.exceeded("seconds").where == "ask"
    assert long.exceeded("seconds").where == "run"


def test_a_limit_that_nobody_set_is_not_exceeded() -> None:
    with pytest.raises(ValueError, match="no limit of 'usd'"):
        Account({"tokens": 1}).exceeded("usd")


def test_a_grant_raises_a_limit_once() -> None:
    account = Account({"tokens": 10}, on_exceed="ask")
    account.settle(account.reserve({"tokens": 10}), {"tokens": 10})
    for _ in range(2):
        account.grant("first", "tokens", 5)
        assert account.left("tokens") == 5
    account.grant("second", "tokens", 1)
    assert account.limit("tokens") == 16


def test_what_was_used_without_a_reservation_counts_in_all_accounts() -> None:
    run = Account({"usd": 1})
    node = Account({}, parent=run, name="ask", level="node")
    node.charge({"usd": 0.75})
    assert (node.spent("usd"), run.left("usd")) == (0.75, 0.25)


def test_depth_is_asked_for_and_never_spent() -> None:
    run = Account({"depth": 2})
    for _ in range(3):
        run.settle(run.reserve({"depth": 2}), {"depth": 2})
    assert (run.spent("depth"), run.reserved("depth")) == (0, 0)
    with pytest.raises(BudgetExceeded, match=r"has 2 depth, .*; 3 are wanted"):
        run.reserve({"depth": 3})


# A tree of accounts (each one's parent stands before it) and calls on them.
AMOUNTS: st.SearchStrategy[dict[str, float]] = st.dictionaries(st.sampled_from(COUNTED), st.floats(0, 100), max_size=3)
PARENTS = st.lists(st.integers(0, 3), max_size=4)


@st.composite
def trees(draw: st.DrawFn) -> list[Account]:
    accounts = [Account(draw(AMOUNTS))]
    for place, parent in enumerate(draw(PARENTS)):
        accounts.append(Account(draw(AMOUNTS), parent=accounts[parent % len(accounts)], name=f"n{place}"))
    return accounts


def lineage(account: Account | None) -> list[Account]:
    return [account, *lineage(account.parent)] if account else []


@dataclass(slots=True)
class Call:
    account: Account
    hold: Reservation


def attempt(account: Account, wanted: dict[str, float]) -> Call | None:
    before = [(one.usage(), {kind: one.reserved(kind) for kind in KINDS}) for one in lineage(account)]
    fits = all(
        one.spent(kind) + one.reserved(kind) + wanted.get(kind, 0) <= limit + CONSTANT
        for one in lineage(account)
        for kind, limit in one.limits.items()
    )
    try:
        hold = account.reserve(wanted)
    except BudgetExceeded as error:
        assert error.spent + error.reserved + error.wanted > error.limit
        assert [(one.usage(), {kind: one.reserved(kind) for kind in KINDS}) for one in lineage(account)] == before
        return None
    assert fits
    return Call(account, hold)


def excess(account: Account, kind: str) -> float:
    return account.spent(kind) - account.limits.get(kind, float("inf"))


@settings(max_examples=60)
@given(trees(), st.lists(st.tuples(st.integers(0, 9), AMOUNTS, AMOUNTS), max_size=30))
def test_one_call_after_another_passes_a_limit_by_one_call_at_most(
    tree: list[Account], calls: Sequence[tuple[int, dict[str, float], dict[str, float]]]
) -> None:
    largest = dict.fromkeys(COUNTED, 0.0)
    for place, wanted, used in calls:
        call = attempt(tree[place % len(tree)], wanted)
        if call:
            call.account.settle(call.hold, used)
            largest = {kind: max(largest[kind], used.get(kind, 0)) for kind in COUNTED}
        assert all(excess(one, kind) <= largest[kind] + CONSTANT for one in tree for kind in COUNTED)


OPEN = st.tuples(st.just("open"), st.integers(0, 9), AMOUNTS)
CLOSE = st.tuples(st.sampled_from(("settle", "release")), st.integers(0, 9), AMOUNTS)


@settings(max_examples=60)
@given(trees(), st.lists(OPEN | CLOSE, max_size=40), st.booleans())
def test_calls_at_once_pass_a_limit_only_by_what_they_use_beyond_their_reservations(
    tree: list[Account], steps: Sequence[tuple[str, int, dict[str, float]]], modest: bool
) -> None:
    opened: list[Call] = []
    beyond = dict.fromkeys(COUNTED, 0.0)
    spent = [{**dict.fromkeys(COUNTED, 0.0), "seconds": 0.0, "turns": 0.0} for _ in tree]
    for step, place, amounts in steps:
        if step == "open":
            call = attempt(tree[place % len(tree)], amounts)
            opened.extend([call] if call else [])
        elif opened:
            call = opened.pop(place % len(opened))
            if step == "release":
                call.account.release(call.hold)
                continue
            held = call.hold.amounts
            used = {kind: min(amount, held.get(kind, 0)) for kind, amount in amounts.items()} if modest else amounts
            call.account.settle(call.hold, used)
            for kind, amount in used.items():
                beyond[kind] += max(amount - held.get(kind, 0), 0)
                for one in lineage(call.account):
                    spent[tree.index(one)][kind] += amount
    for one, expected in zip(tree, spent, strict=True):
        assert one.usage() == pytest.approx(expected)
        assert all(excess(one, kind) <= beyond[kind] + CONSTANT for kind in COUNTED)
        inside = [call for call in opened if one in lineage(call.account)]
        for kind in COUNTED:
            assert one.reserved(kind) == pytest.approx(sum(call.hold.amounts.get(kind, 0) for call in inside))
            assert one.left(kind) >= 0
    assert not modest or set(beyond.values()) == {0.0}
