"""The policy that learns: from nothing, from outcomes, from what people say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from agents.spec.document import ModelNeed
from runtime.models.assembly import Builder
from runtime.models.deployments import Catalogue, Price
from runtime.models.fleet import Fleet
from runtime.models.learned import Learner, Outcome, outcomes_of
from runtime.models.router import Router
from runtime.models.routing import Routing

from .test_policies import far
from .test_router import asks

pytestmark = pytest.mark.anyio

SUMS, POEMS = (1.0, 0.0), (0.0, 1.0)


async def embed(text: str) -> Sequence[float]:
    return SUMS if any(letter.isdigit() for letter in text) else POEMS


def learner(outcomes: Iterable[Outcome], least: int = 4) -> Learner:
    kept = [*outcomes]

    async def load() -> list[Outcome]:
        return kept

    return Learner(embed, Routing(outcomes=least), load)


def history(name: str, vector: Sequence[float], score: float, times: int = 4) -> list[Outcome]:
    return [Outcome(name, vector, score)] * times


SMALL = [*history("scripted/small", SUMS, 0.0), *history("scripted/small", POEMS, 1.0)]
LARGE = [*history("scripted/large", SUMS, 1.0), *history("scripted/large", POEMS, 1.0)]


def hub(outcomes: Iterable[Outcome]) -> Router:
    deployments = (
        far("scripted/large", price=Price(input=9.0, output=9.0)),
        far("scripted/small", price=Price(input=0.1, output=0.1)),
    )
    catalogue = Catalogue(deployments=deployments, routing=Routing(policy="learned", outcomes=4))
    return Router(Fleet(catalogue, Builder()), learner=learner(outcomes))


async def test_neighbours_say_what_is_to_be_expected() -> None:
    found = learner([*SMALL, *LARGE])
    assert (await found.expect(SUMS))["scripted/small"] < 0.4
    assert (await found.expect(POEMS))["scripted/small"] > 0.6
    assert (await found.expect(SUMS))["scripted/large"] == pytest.approx(1.0)


async def test_too_few_outcomes_say_nothing() -> None:
    found = learner(SMALL[:3])
    assert await found.expect(SUMS) == {}
    found.learn(SMALL[0])
    assert "scripted/small" in await found.expect(SUMS)


async def test_the_cheapest_that_is_likely_to_succeed_is_asked() -> None:
    more = [*SMALL, *LARGE, *history("scripted/small", POEMS, 1.0, 30)]
    router = hub(more)
    answers = [await router.call(asks(text), ModelNeed()) for text in ("A poem, please", "2 + 2")]
    assert [answer.deployment for answer in answers] == ["scripted/small", "scripted/large"]
    assert [answer.decision["reason"] for answer in answers] == ["expected", "expected"]


async def test_without_outcomes_the_cheapest_is_asked() -> None:
    answer = await hub([]).call(asks("2 + 2"), ModelNeed())
    assert (answer.deployment, answer.decision["reason"]) == ("scripted/small", "too_few_outcomes")


async def test_it_learns_from_its_own_answers() -> None:
    router = hub([])
    for _ in range(4):
        await router.call(asks("2 + 2"), ModelNeed())
    answer = await router.call(asks("2 + 2"), ModelNeed())
    assert (answer.deployment, answer.decision["reason"]) == ("scripted/small", "expected")


def test_what_a_call_says_of_whom() -> None:
    attempts = [
        {"deployment": "a", "code": "BG823"},
        {"deployment": "b", "doubt": "unsure"},
        {"deployment": "c", "code": "BG826"},
    ]
    found = [(one.deployment, one.score) for one in outcomes_of(SUMS, "d", None, attempts)]
    assert found == [("b", 0.0), ("c", 0.0), ("d", 1.0)]
    assert [one.score for one in outcomes_of(SUMS, "d", None, [], 0.3)] == [0.3]
    assert [*outcomes_of(SUMS, "d", "BG824", [])] == []
    assert [one.score for one in outcomes_of(SUMS, "d", "BG826", [])] == [0.0]
