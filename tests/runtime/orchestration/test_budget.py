from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.base.errors import Json
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
    assert parent.usage() == dict.fromkeys(KINDS, 0.0)


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
        "message": "The budget has 3 tool_calls, of which 1 are spent; 2 are reserved by open calls; "
        "1 more are wanted.",
        "where": "run",
        "fix": "Raise 'budget.tool_calls' there, or let the app do less.",
        "details": {
            "kind": "tool_calls",
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
    node = Account({"tokens": 1_234_567}, parent=Account({}, parent=run, name="flow"), name="ask")
    with pytest.raises(BudgetExceeded, match=r"has 1234567 tokens, .* 2000000 more are wanted. \(run/flow/ask\)"):
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
    assert account.usage() == {"usd": 0, "tokens": 2e9, "seconds": 0, "tool_calls": 1}


def test_a_key_is_open_once() -> None:
    run = Account({"tokens": 100})
    run.reserve({"tokens": 10}, key="a")
    with pytest.raises(ValueError, match="open in 'run' already"):
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
    long, short = (Account({"seconds": limit}, parent=run, name="ask") for limit in (50, 5))
    long.start(clock)
    short.start(clock)
    assert (long.deadline(), short.deadline()) == (160, 135)
    clock.now = 136.0
    assert short.exceeded("seconds").where == "run/ask"
    assert long.exceeded("seconds").where == "run"


def test_a_limit_that_nobody_set_is_not_exceeded() -> None:
    with pytest.raises(ValueError, match="no limit of 'usd'"):
        Account({"tokens": 1}).exceeded("usd")


def stored(account: Account) -> Json:
    return json.loads(json.dumps(account.to_json()))


def test_an_account_comes_back_from_json() -> None:
    clock = Clock()
    account = Account({"usd": 1, "seconds": 60}, on_exceed="degrade", name="flow")
    account.start(clock)
    account.settle(account.reserve({"usd": 0.25}), {"usd": 0.5, "tokens": 7})
    clock.now += 20
    back = Account.from_json(stored(account), parent=Account({}))
    clock.now += 1000
    assert (back.path, back.on_exceed, back.limits) == ("run/flow", "degrade", {"usd": 1, "seconds": 60})
    assert back.usage() == {"usd": 0.5, "tokens": 7, "seconds": 20, "tool_calls": 0}
    assert back.left("seconds") == 40


def test_an_interrupted_call_keeps_its_reservation_and_takes_it_over() -> None:
    run = Account({"tool_calls": 1})
    Account({}, parent=run, name="send").reserve({"tool_calls": 1}, key="send:1")
    back = Account.from_json(stored(run))
    node = Account({}, parent=back, name="send")
    with pytest.raises(BudgetExceeded):
        node.reserve({"tool_calls": 1}, key="send:2")
    node.settle(node.reserve({"tool_calls": 1}, key="send:1"), {"tool_calls": 1})
    assert (back.spent("tool_calls"), back.reserved("tool_calls")) == (1, 0)


@pytest.mark.parametrize(
    "change",
    [{"name": 1}, {"limits": {"usd": "1"}}, {"limits": {"usd": True}}, {"spent": []}, {"reserved": {"a": 1}},
     {"spent": {"usd": -1}}, {"on_exceed": "shrug"}],
)  # fmt: skip
def test_other_json_is_no_account(change: dict[str, Json]) -> None:
    with pytest.raises(ValueError, match=r"this is|these are|is no"):
        Account.from_json({**Account({"usd": 1}).to_json(), **change})


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
    spent = [dict.fromkeys(KINDS, 0.0) for _ in tree]
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


@settings(max_examples=60)
@given(trees(), st.lists(OPEN, max_size=20))
def test_saved_and_read_back_nothing_is_gained(
    tree: list[Account], steps: Sequence[tuple[str, int, dict[str, float]]]
) -> None:
    for _, place, amounts in steps:
        attempt(tree[place % len(tree)], amounts)
    back: dict[int, Account] = {}
    for account in tree:
        parent = back[id(account.parent)] if account.parent else None
        back[id(account)] = Account.from_json(stored(account), parent=parent)
    for account in tree:
        again = back[id(account)]
        assert again.path == account.path
        assert again.usage() == account.usage()
        assert [again.left(kind) for kind in KINDS] == [account.left(kind) for kind in KINDS]
