"""The exact cache: the same question at temperature 0 is asked once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from agents.context import ChatMessage, ModelRequest, ToolOffer
from agents.spec.document import ModelNeed
from runtime.base.settings import Settings
from runtime.models.answers import Answers, key_of
from runtime.models.assembly import Builder
from runtime.models.deployments import Catalogue, Deployment
from runtime.models.endpoint import Endpoint
from runtime.models.fleet import Fleet
from runtime.models.ports import Caller, ModelAnswer
from runtime.models.router import Router
from runtime.models.routing import Caching
from runtime.storage import Database, open_home

from .conftest import HELLO, ChatServer, delta, refuses, streams
from .test_router import asks, says

pytestmark = pytest.mark.anyio

Make = Callable[..., Router]


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    home = open_home(settings)
    found = await Database.open(home)
    yield found
    await found.close()
    home.close()


@pytest.fixture
async def make(database: Database, server: ChatServer) -> AsyncIterator[Make]:
    server.says(streams(HELLO))
    made: list[Router] = []

    def hub(**cache: Any) -> Router:  # noqa: ANN401
        remote = Deployment(id="remote/a", options=Endpoint(url=server.url, model="m", retries=0))
        catalogue = Catalogue(deployments=(remote,), cache=Caching(**cache))
        answers = Answers(database.writer, database.reader)
        made.append(Router(Fleet(catalogue, Builder()), answers=answers))
        return made[-1]

    yield hub
    for router in made:
        await router.close()


async def twice(hub: Router, database: Database, request: ModelRequest, caller: Caller | None = None) -> ModelAnswer:
    await hub.call(request, ModelNeed(), caller=caller)
    await database.writer.stream().commit()
    return await hub.call(request, ModelNeed(), caller=caller)


async def test_the_same_question_is_asked_once(make: Make, server: ChatServer, database: Database) -> None:
    hub, shown = make(), list[str]()
    answer = await twice(hub, database, asks())
    assert (len(server.bodies), answer.reply.text, answer.decision["reason"]) == (1, "Hello", "cached")
    assert answer.reply.usage["tokens"] == 0 and answer.reply.usage["usd"] == 0
    await hub.call(asks(), ModelNeed(), on_delta=shown.append)
    assert shown == ["Hello"]


async def test_it_answers_while_the_server_is_down(make: Make, server: ChatServer, database: Database) -> None:
    hub = make()
    await twice(hub, database, asks())
    server.says(refuses(503, {}))
    assert (await hub.call(asks(), ModelNeed())).reply.text == "Hello"


@pytest.mark.parametrize(
    ("more", "cache"),
    [({"temperature": 0.5}, {}), ({"temperature": None}, {}), ({}, {"exact": False}), ({}, {"hours": 1e-9})],
)
async def test_what_is_not_kept(
    make: Make, server: ChatServer, database: Database, more: dict[str, Any], cache: dict[str, Any]
) -> None:
    await twice(make(**cache), database, asks(**more))
    assert len(server.bodies) == 2


async def test_answers_belong_to_a_workspace_and_may_be_refused(
    make: Make, server: ChatServer, database: Database
) -> None:
    hub = make()
    await twice(hub, database, asks())
    await hub.call(asks(), ModelNeed(), caller=Caller(workspace="other"))
    await hub.call(asks(), ModelNeed(), caller=Caller(fresh=True))
    assert len(server.bodies) == 3


async def test_a_cut_answer_is_not_kept(make: Make, server: ChatServer, database: Database) -> None:
    server.says(streams([delta(content="Hel"), delta("length"), *HELLO[-1:]]))
    await twice(make(), database, asks())
    assert len(server.bodies) == 2


async def test_a_script_is_played_and_not_remembered(database: Database) -> None:
    answers = Answers(database.writer, database.reader)
    hub = Router(Fleet(Catalogue(deployments=(says("scripted/a"),)), Builder()), answers=answers)
    assert (await twice(hub, database, asks())).decision["reason"] == "declared"


async def test_old_answers_are_forgotten(make: Make, database: Database) -> None:
    await twice(make(hours=1e-9), database, asks())
    answers = Answers(database.writer, database.reader)
    assert await answers.forget() == 1
    assert await answers.forget("main") == 0


TOOL = ToolOffer(name="look", description="Look.", schema={"type": "object"})
CHANGES: list[dict[str, Any]] = [
    {"messages": (ChatMessage(role="user", content="Ho"),)},
    {"messages": (ChatMessage(role="system", content="Hi"),)},
    {"messages": (ChatMessage(role="user", content="Hi", images=("data:image/png;base64,AA==",)),)},
    {"schema": {"type": "object"}},
    {"choices": ("a", "b")},
    {"tools": (TOOL,)},
    {"tools": (TOOL,), "tool_choice": "required"},
    {"max_tokens": 7},
    {"top_p": 0.5},
    {"seed": 1},
    {"stop": ("x",)},
    {"logprobs": 0},
]


def test_everything_that_an_answer_depends_on_is_in_its_key() -> None:
    one = Deployment(id="remote/a", options=Endpoint(url="http://127.0.0.1/v1", model="m"))
    others = [
        replace(one, options=Endpoint(url="http://127.0.0.1/v1", model="n")),
        replace(one, id="remote/b"),
        replace(one, max_tokens=9),
        replace(one, caps=frozenset({"chat"})),
    ]
    keys = [key_of(one, asks()), *(key_of(one, replace(asks(), **change)) for change in CHANGES)]
    keys += [key_of(other, asks()) for other in others]
    assert len(set(keys)) == 1 + len(CHANGES) + len(others)
    assert key_of(one, replace(asks(), model="other name of the same")) == keys[0]
