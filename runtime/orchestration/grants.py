"""Asking a person for more where a budget is used up, and what they granted.

The question's id names account, kind and number, so that all nodes of a run that hit one limit ask one question, and
the answers alone say what was granted: they are in the journal, and every account takes its own from there when it is
made.
"""

from __future__ import annotations

from itertools import count
from typing import Final

from agents.context import AskRequest

from ..base.errors import Json
from . import asks
from .budget import KINDS, Account, BudgetExceeded
from .segment import Segment

__all__ = ["ALLOW", "STOP", "beg", "granted", "put"]

ALLOW: Final = "allow"
STOP: Final = "stop"


def granted(segment: Segment, account: Account) -> None:
    """Give an account what people have granted to it."""
    answers = segment.journal.memory.answers
    for kind in KINDS:
        for number in count(1):
            name = _name(segment, account, kind, number)
            answer = answers.get(name)
            if answer is None:
                break
            form = answer.get("form")
            more = form.get("more") if isinstance(form, dict) else None
            if answer["action"] == ALLOW and kind in account.limits and isinstance(more, int | float):
                account.grant(f"{segment.info.id}/{name}", kind, more)


async def beg(segment: Segment, refusal: BudgetExceeded) -> None:
    """Ask for more, where the budget says so; else, and where somebody has said no, there is no more.

    Raises:
        BudgetExceeded: There is no more.
        GraphInterrupt: Somebody is asked.
    """
    name = _question(segment, refusal)
    await asks.ask(segment, name.rpartition(":")[0], name, _request(refusal))


def put(segment: Segment, refusal: BudgetExceeded) -> None:
    """Ask for more outside of any node, so that the run parks.

    Raises:
        BudgetExceeded: There is no more.
    """
    name = _question(segment, refusal)
    asks.put_question(segment, "", name, _request(refusal))


def _question(segment: Segment, refusal: BudgetExceeded) -> str:
    """Return the id of the question for more of something.

    Raises:
        BudgetExceeded: There is none: the budget says nothing about asking, or somebody has said no.
    """
    if refusal.on_exceed != "ask" or segment.offline:
        raise refusal
    memory = segment.journal.memory
    for number in count(1):
        name = _name(segment, refusal.account, refusal.kind, number)
        answer = memory.answers.get(name)
        if answer is None:
            return name
        if answer["action"] != ALLOW and name not in memory.overruled:
            raise refusal
    raise AssertionError("the numbers do not end")


def _name(segment: Segment, account: Account, kind: str, number: int) -> str:
    """Name a question; one about a limit of a day names the day, because what is granted then is for that day."""
    place = account.name if account.level in ("node", "flow") else ""
    day = f"-{segment.day}" if account.level in ("user", "app", "workspace") else ""
    return f"{place}:{account.level}-{kind}{day}-{number}"


def _request(refusal: BudgetExceeded) -> AskRequest:
    """Ask the owner; what is suggested is as much again as the limit was, or what the call lacks where that is more."""
    lacking = refusal.spent + refusal.reserved + refusal.wanted - refusal.limit
    written = max(refusal.account.limits[refusal.kind], lacking)
    amount: dict[str, Json] = {"type": "number", "exclusiveMinimum": 0}
    more: dict[str, Json] = {"anyOf": [amount, {"type": "null"}], "default": written}
    shown: dict[str, Json] = {"budget": refusal.message}
    return AskRequest(kind="budget", actions=(ALLOW, STOP), form={"more": more}, shown=shown, who=("owner",))
