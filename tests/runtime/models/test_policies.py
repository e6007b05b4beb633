"""What each policy does with deployments that are there, cheap, fast, far away or ill."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from agents.context import ChatMessage
from agents.spec.document import ModelNeed
from runtime.models.assembly import Builder
from runtime.models.deployments import Catalogue, Deployment, Price, Rate
from runtime.models.endpoint import Endpoint
from runtime.models.errors import ModelNotConfigured, ModelOutputInvalid, ModelResting, ModelUnavailable
from runtime.models.fleet import Fleet
from runtime.models.ports import Caller, ModelAnswer
from runtime.models.router import Router
from runtime.models.routing import Routing
from runtime.models.script import Script
from runtime.models.selection import Demand, Selection, select

from .conftest import DONE, ChatServer, delta, event, refuses, streams
from .test_router import DOWN, asks, deployment, says

pytestmark = pytest.mark.anyio


class Far(Script):
    """A script that is spoken elsewhere."""

    @property
    def local(self) -> bool:
        return False


def far(name: str, *entries: dict[str, Any], **more: Any) -> Deployment:  # noqa: ANN401
    script = [*entries] or [{"text": name, "repeat": True}]
    return Deployment(id=name, options=Far.model_validate({"script": script}), **more)


def hub(*deployments: Deployment, **routing: Any) -> Router:  # noqa: ANN401
    return Router(Fleet(Catalogue(deployments=deployments, routing=Routing(**routing)), Builder()))


async def ask(router: Router, **need: Any) -> ModelAnswer:  # noqa: ANN401
    return await router.call(asks(), ModelNeed(**need))


CHEAP, DEAR = Price(input=0.1, output=0.1), Price(input=5.0, output=5.0)


async def test_the_cheapest_is_asked_first() -> None:
    router = hub(far("scripted/dear", price=DEAR), far("scripted/cheap", price=CHEAP), policy="cheapest")
    answer = await ask(router, prefer=["scripted/dear"])
    assert answer.deployment == "scripted/cheap"
    assert {"policy": "cheapest", "reason": "cheapest"}.items() <= answer.decision.items()


async def test_an_app_may_name_its_policy() -> None:
    router = hub(far("scripted/dear", price=DEAR), far("scripted/cheap", price=CHEAP))
    assert (await ask(router)).deployment == "scripted/dear"
    assert (await ask(router, policy="cheapest")).deployment == "scripted/cheap"


async def test_the_fastest_is_asked_once_each_is_known() -> None:
    slow = {"text": "slow", "delay": 0.2, "repeat": True}
    router = hub(far("scripted/slow", slow), far("scripted/quick"), policy="fastest")
    answers = [await ask(router) for _ in range(3)]
    assert [answer.deployment for answer in answers] == ["scripted/slow", "scripted/quick", "scripted/quick"]
    assert [answer.decision["reason"] for answer in answers] == ["untried", "untried", "fastest"]


async def test_service_levels_are_limits() -> None:
    router = hub(far("scripted/dear", price=DEAR), far("scripted/cheap", price=CHEAP))
    answer = await ask(router, slo={"usd": 0.001})
    assert answer.deployment == "scripted/cheap"
    assert answer.decision["passed_over"]["scripted/dear"]["reason"] == "usd"  # type: ignore[index, call-overload]
    with pytest.raises(ModelNotConfigured, match="service level usd of 1e-06"):
        await ask(router, slo={"usd": 0.000001})


async def test_what_is_too_slow_lately_is_passed_over() -> None:
    router = hub(far("scripted/slow"), far("scripted/other"))
    for _ in range(20):
        router.fleet.health(router.fleet.deployments[0]).succeeded(9.0, 1.0, 5)
    answer = await ask(router, slo={"p95_s": 3})
    assert answer.deployment == "scripted/other"
    assert answer.decision["passed_over"]["scripted/slow"]["p95_s"] == 9.0  # type: ignore[index, call-overload]


def chosen(*deployments: Deployment, policy: Any = "fixed", **need: Any) -> Selection:  # noqa: ANN401
    router = hub(*deployments, policy=policy)
    return select(deployments, Demand.of(asks()), ModelNeed(**need), router.fleet.routing, router.fleet.health)


def order(selection: Selection) -> list[str]:
    return [one.deployment.id for one in selection.order]


def test_a_fallback_never_crosses_a_residency_label() -> None:
    one, two, three = far("scripted/eu", residency="eu"), far("scripted/cn", residency="cn"), far("scripted/none")
    here = says("scripted/here")
    again = far("scripted/eu2", residency="eu")
    assert order(chosen(here, one, two, three, again)) == ["scripted/here", "scripted/eu", "scripted/eu2"]
    assert order(chosen(two, here, one)) == ["scripted/cn", "scripted/here"]
    assert order(chosen(three, one, here)) == ["scripted/none", "scripted/here"]
    assert chosen(one, two).passed_over == {
        "scripted/cn": {"reason": "fence", "residency": "cn", "inside": "eu"},
    }


async def test_it_does_not_cross_even_if_nobody_else_can_answer() -> None:
    down = {"error": {"code": "BG823", "message": "down"}, "repeat": True}
    with pytest.raises(ModelUnavailable, match="down"):
        await ask(hub(far("scripted/eu", down, residency="eu"), far("scripted/cn", residency="cn")))


def test_an_app_may_say_where_its_data_may_go() -> None:
    one, two, here = far("scripted/eu", residency="eu"), far("scripted/cn", residency="cn"), says("scripted/here")
    assert order(chosen(two, one, here, residency=["eu"])) == ["scripted/eu", "scripted/here"]
    assert order(chosen(two, one, here, residency=["local"])) == ["scripted/here"]


# -- cascade ---------------------------------------------------------------------------------------------------------


def logged(text: str, *logprobs: float) -> list[str]:
    tokens = [{"token": "t", "bytes": [116], "logprob": value, "top_logprobs": []} for value in logprobs]
    choice = {"index": 0, "delta": {"content": text}, "logprobs": {"content": tokens}, "finish_reason": None}
    return [event({"choices": [choice]}), delta("stop"), DONE]


def small(server: ChatServer) -> Deployment:
    """A model on this machine that says how sure it is."""
    caps = frozenset({"chat", "json", "tools", "logprobs"})
    return Deployment(id="remote/small", caps=caps, options=Endpoint(url=server.url, model="s", retries=0))


async def test_a_sure_answer_of_this_machine_is_kept(server: ChatServer) -> None:
    server.says(streams(logged("sure", -0.1, -0.2)))
    shown: list[str] = []
    router = hub(far("scripted/large"), small(server), policy="local_first")
    answer = await router.call(asks(), ModelNeed(), on_delta=shown.append)
    await router.close()
    assert (answer.deployment, answer.reply.text, shown) == ("remote/small", "sure", ["sure"])
    assert answer.reply.confidence == pytest.approx(0.8607, abs=1e-3)
    assert server.bodies[0]["logprobs"] is True
    assert answer.decision["reason"] == "local"


async def test_an_unsure_answer_is_a_draft_for_the_larger_model(server: ChatServer) -> None:
    server.says(streams(logged("perhaps 7", -2.0, -3.0)))
    echo = Deployment(id="scripted/large", options=Far(echo=True), price=DEAR)
    shown: list[str] = []
    router = hub(echo, small(server), policy="local_first")
    answer = await router.call(asks("How many?"), ModelNeed(), on_delta=shown.append)
    await router.close()
    assert answer.deployment == "scripted/large"
    assert "".join(shown) == answer.reply.text
    assert answer.reply.text.startswith("How many?") and answer.reply.text.endswith("Draft:\nperhaps 7")
    assert answer.decision["reason"] == "escalated"
    attempts: Any = answer.decision["attempts"]
    assert attempts == [{"deployment": "remote/small", "doubt": "unsure", "confidence": pytest.approx(0.082, abs=1e-3)}]
    assert answer.wasted["tokens"] > 0


async def test_data_that_fits_its_schema_needs_a_signal_only_where_there_is_one() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    good, bad = deployment("scripted/small", {"data": {"n": 1}}), deployment("scripted/small", {"data": {"n": "x"}})
    for local, name in ((good, "scripted/small"), (bad, "scripted/large")):
        router = hub(local, far("scripted/large", {"data": {"n": 2}}), policy="local_first")
        assert (await router.call(asks(schema=schema), ModelNeed())).deployment == name


async def test_free_text_without_a_signal_is_not_trusted() -> None:
    answer = await ask(hub(says("scripted/small"), far("scripted/large"), policy="local_first"))
    assert answer.deployment == "scripted/large"


async def test_a_draft_is_better_than_no_answer() -> None:
    shown: list[str] = []
    router = hub(says("scripted/small"), far("scripted/large", DOWN), policy="local_first")
    answer = await router.call(asks(), ModelNeed(), on_delta=shown.append)
    assert (answer.deployment, shown) == ("scripted/small", ["scripted/small"])
    assert answer.decision["reason"] == "draft"


async def test_where_nobody_is_larger_the_answer_is_final() -> None:
    wrong = deployment("scripted/small", {"text": "no JSON"})
    with pytest.raises(ModelOutputInvalid):
        await hub(wrong, policy="local_first").call(asks(schema={"type": "object"}), ModelNeed())


# -- health ----------------------------------------------------------------------------------------------------------


async def test_a_single_deployment_that_is_down_is_left_alone(server: ChatServer) -> None:
    server.says(refuses(503, {"error": "down"}))
    router = hub(small(server))
    for _ in range(3):
        with pytest.raises(ModelUnavailable, match="503"):
            await ask(router)
    with pytest.raises(ModelResting, match=r"remote/small \(open\) for 30 s") as caught:
        await ask(router)
    await router.close()
    assert len(server.bodies) == 3
    assert caught.value.details["retry_after"] == pytest.approx(30, abs=1)


async def test_an_open_breaker_is_passed_over(server: ChatServer) -> None:
    server.says(refuses(503, {"error": "down"}))
    router = hub(small(server), says("scripted/other"))
    for _ in range(5):
        assert (await ask(router)).deployment == "scripted/other"
    answer = await ask(router)
    await router.close()
    assert len(server.bodies) == 3
    assert answer.decision["passed_over"]["remote/small"]["reason"] == "open"  # type: ignore[index, call-overload]


async def test_a_pause_that_a_server_asks_for_is_kept(server: ChatServer) -> None:
    server.says(refuses(429, {"error": "slow down"}, Retry_After="120"))
    router = hub(small(server), says("scripted/other"))
    for _ in range(2):
        assert (await ask(router)).deployment == "scripted/other"
    await router.close()
    assert len(server.bodies) == 1


async def test_a_full_bucket_sends_calls_elsewhere_and_else_makes_them_wait() -> None:
    limited = says("scripted/limited", rate=Rate(parallel=1))
    slow = {"text": "slow", "delay": 0.3, "repeat": True}
    busy = deployment("scripted/busy", slow, rate=Rate(parallel=1))
    router = hub(busy, limited)
    first, second = await asyncio.gather(ask(router), ask(router))
    assert {first.deployment, second.deployment} == {"scripted/busy", "scripted/limited"}
    alone = hub(busy)
    answers = await asyncio.gather(ask(alone), ask(alone))
    assert [answer.reply.text for answer in answers] == ["slow", "slow"]


async def test_pictures_need_a_model_that_sees() -> None:
    blind, seeing = says("scripted/blind"), says("scripted/seeing", caps=frozenset({"chat", "vision"}))
    picture = ChatMessage(role="user", content="What is it?", images=("data:image/png;base64,iVBORw0KGgo=",))
    request = asks()
    answer = await hub(blind, seeing).call(replace(request, messages=(picture,)), ModelNeed())
    assert answer.deployment == "scripted/seeing"


async def test_whoever_somebody_waits_for_comes_before_calls_in_the_background() -> None:
    slow = {"text": "slow", "delay": 0.1, "repeat": True}
    router = hub(deployment("scripted/busy", slow, rate=Rate(parallel=1)))
    order: list[str] = []

    async def call(name: str, *, background: bool) -> None:
        await router.call(asks(), ModelNeed(), caller=Caller(background=background))
        order.append(name)

    first = asyncio.create_task(call("first", background=True))
    await asyncio.sleep(0.01)
    later = [asyncio.create_task(call("background", background=True)) for _ in range(2)]
    await asyncio.sleep(0.01)
    await asyncio.gather(first, *later, *(call("online", background=False) for _ in range(2)))
    assert order == ["first", "online", "online", "background", "background"]
