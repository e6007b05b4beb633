"""The semantic cache: similar questions, thresholds that are learned, and a limit of wrong answers that holds."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from math import cos, sin
from typing import Any

import pytest

from agents.context import ChatMessage, ModelReply, ModelRequest, ToolOffer
from agents.spec.document import ModelNeed
from runtime.base.settings import Settings
from runtime.models.assembly import Builder
from runtime.models.deployments import Catalogue
from runtime.models.fleet import Fleet
from runtime.models.ports import Caller, ModelAnswer
from runtime.models.router import Router
from runtime.models.routing import Caching, Semantic
from runtime.models.similar import Similar, exploration
from runtime.models.similar_store import SimilarStore
from runtime.storage import Database, open_home

from .test_router import asks, deployment

pytestmark = pytest.mark.anyio

SEMANTIC = Semantic(apps=["help"], error=0.05)
HELP = Caller(app="help")


async def embed(text: str) -> Sequence[float]:
    """Texts are angles: `pump 0.1` stands near `pump 0.2`."""
    angle = float(text.split()[-1]) if text and text.split()[-1].replace(".", "").isdigit() else 3.0
    return (cos(angle), sin(angle))


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    home = open_home(settings)
    found = await Database.open(home)
    yield found
    await found.close()
    home.close()


Make = Callable[..., Router]


@pytest.fixture
def make(database: Database) -> Make:
    def hub(*entries: dict[str, Any], chance: float = 0.999) -> Router:
        catalogue = Catalogue(
            deployments=(deployment("scripted/a", *entries),), cache=Caching(exact=False, semantic=SEMANTIC)
        )
        similar = Similar(SimilarStore(database.writer, database.reader), embed, lambda: chance)
        return Router(Fleet(catalogue, Builder()), similar=similar)

    return hub


SAME = {"text": "Check the seal.", "repeat": True}


async def ask(hub: Router, text: str, caller: Caller = HELP, **more: Any) -> ModelAnswer:  # noqa: ANN401
    return await hub.call(asks(text, **more), ModelNeed(), caller=caller)


def reasons(answers: Sequence[ModelAnswer]) -> list[object]:
    return [answer.decision["reason"] for answer in answers]


async def test_a_similar_question_is_answered_once_enough_is_known(make: Make) -> None:
    hub = make(SAME, chance=0.5)
    answers = [await ask(hub, f"pump 0.1{place}") for place in range(12)]
    found = reasons(answers)
    assert found[0] == "declared" and found[-1] == "similar"
    last = answers[-1]
    assert (last.reply.text, last.deployment, last.reply.usage["tokens"]) == ("Check the seal.", "scripted/a", 0)
    assert float(str(last.decision["similarity"])) > 0.99


async def test_what_is_known_outlives_the_process(make: Make, database: Database) -> None:
    first = make(SAME, chance=0.5)
    for place in range(12):
        await ask(first, f"pump 0.1{place}")
    await database.writer.stream().commit()
    assert reasons([await ask(make(SAME, chance=0.5), "pump 0.15")]) == ["similar"]


async def test_questions_whose_answers_differ_are_never_taken_for_each_other(make: Make) -> None:
    entries = [{"match": f"0.1{place}", "text": f"Answer {place * 0.35:.2f}", "repeat": True} for place in range(10)]
    hub = make(*entries, chance=0.5)
    answers = [await ask(hub, f"pump 0.1{place}") for place in range(10)]
    assert [answer.reply.text for answer in answers] == [f"Answer {place * 0.35:.2f}" for place in range(10)]


@pytest.mark.parametrize(
    ("caller", "more"),
    [
        (Caller(app="other"), {}),
        (Caller(), {}),
        (Caller(app="help", fresh=True), {}),
        (Caller(app="help", workspace="other"), {}),
        (HELP, {"tools": (ToolOffer(name="look", description="", schema={"type": "object"}),)}),
        (HELP, {"schema": {"type": "string"}}),
        (HELP, {"max_tokens": 5}),
    ],
)
async def test_where_it_is_not_used(make: Make, caller: Caller, more: dict[str, Any]) -> None:
    entry = {"data": "Check the seal.", "repeat": True} if "schema" in more else SAME
    hub = make(entry if more.get("schema") else SAME, chance=0.999)
    await ask(hub, "pump 0.1")
    assert reasons([await ask(hub, "pump 0.1", caller, **more)]) == ["declared"]


async def test_the_conversation_before_the_question_counts(make: Make) -> None:
    hub = make(SAME)
    system = ChatMessage(role="system", content="Be brief.")
    request = asks("pump 0.1")
    told: ModelRequest = replace(request, messages=(system, *request.messages))
    await hub.call(request, ModelNeed(), caller=HELP)
    assert reasons([await hub.call(told, ModelNeed(), caller=HELP)]) == ["declared"]
    assert reasons([await hub.call(request, ModelNeed(), caller=HELP)]) == ["similar"]


def test_an_answer_that_nothing_is_known_of_is_nearly_always_checked() -> None:
    assert exploration(0.99, [], 0.02) > 0.9
    assert exploration(0.2, [], 0.02) > 0.97


def test_what_was_right_is_trusted_and_what_was_wrong_is_not() -> None:
    right = [(0.9, True)] * 40
    assert exploration(0.95, right, 0.02) < 0.1
    assert exploration(0.5, right, 0.02) > 0.9
    assert exploration(0.95, [(0.9, False)] * 10, 0.02) > 0.95


@pytest.mark.parametrize("threshold", [0.6, 0.9])
def test_the_share_of_wrong_answers_stays_below_the_limit(threshold: float) -> None:
    chance, seen, wrong, given = random.Random(7), list[tuple[float, bool]](), 0, 0  # noqa: S311 a test's
    for _ in range(600):
        near = chance.uniform(0.4, 1.0)
        right = near > threshold
        if chance.random() > exploration(near, seen[-64:], 0.05):
            given += 1
            wrong += not right
        else:
            seen.append((near, right))
    assert given > 60
    assert wrong / 600 <= 0.05


async def test_labels_and_data_must_be_equal(database: Database) -> None:
    similar = Similar(SimilarStore(database.writer, database.reader), embed)
    one = ModelReply(text="pump", scores={"pump": 0.9, "fan": 0.1})
    assert await similar._same(one, replace(one, scores={"pump": 0.8, "fan": 0.2}))
    assert not await similar._same(one, replace(one, text="fan"))
    assert not await similar._same(ModelReply(text="1", data=1), ModelReply(text="2", data=2))
    assert await similar._same(ModelReply(text="It is 0.10"), ModelReply(text="That is 0.11"))
    assert not await similar._same(ModelReply(text="It is 0.10"), ModelReply(text="It is 2.0"))
