from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackManager
from langsmith import tracing_context
from langsmith.utils import tracing_is_enabled

from agents.context import ChatMessage, ModelRequest, ToolOffer
from agents.spec.document import ModelNeed
from runtime.models.assembly import Builder, open_hub, scripted_hub
from runtime.models.deployments import Catalogue, Deployment, Price
from runtime.models.endpoint import Endpoint
from runtime.models.errors import (
    ModelInterrupted,
    ModelNotConfigured,
    ModelOutputInvalid,
    ModelRefused,
    ModelsFailed,
    ModelTimeout,
    ScriptExhausted,
)
from runtime.models.fleet import Fleet
from runtime.models.ports import ModelHub
from runtime.models.router import Router
from runtime.models.script import Script
from runtime.models.scripted import ScriptedChat

from .conftest import DONE, HELLO, ChatServer, delta, refuses, streams

pytestmark = pytest.mark.anyio
DOWN = {"error": {"code": "BG823", "message": "down"}, "repeat": True}
NEED = ModelNeed()


def deployment(name: str, *entries: Mapping[str, Any], **more: Any) -> Deployment:  # noqa: ANN401
    return Deployment(id=name, options=Script.model_validate({"script": list(entries)}), **more)


def says(name: str, **more: Any) -> Deployment:  # noqa: ANN401
    return deployment(name, {"text": name, "repeat": True}, **more)


def router(*deployments: Deployment, offline: bool = False) -> Router:
    return Router(Fleet(Catalogue(deployments=deployments), Builder(offline=offline)))


def asks(text: str = "Hi", **more: Any) -> ModelRequest:  # noqa: ANN401
    return ModelRequest(model="main", messages=(ChatMessage(role="user", content=text),), **more)


async def answerer(hub: ModelHub, need: ModelNeed = NEED, **more: Any) -> str:  # noqa: ANN401
    return (await hub.call(asks(**more), need)).deployment


THREE = (says("scripted/a"), says("scripted/b"), says("local/c"))


@pytest.mark.parametrize(
    ("prefer", "fallback", "order"),
    [
        ([], [], ["scripted/a", "scripted/b", "local/c"]),
        (["scripted/b"], [], ["scripted/b", "scripted/a", "local/c"]),
        (["local/any"], ["scripted/b"], ["local/c", "scripted/b", "scripted/a"]),
        (["remote/any", "scripted/any"], [], ["scripted/a", "scripted/b", "local/c"]),
        (["scripted/none", "local/c"], [], ["local/c", "scripted/a", "scripted/b"]),
    ],
)
async def test_order_is_prefer_fallback_rest(prefer: list[str], fallback: list[str], order: list[str]) -> None:
    need = ModelNeed(prefer=prefer, fallback=fallback)
    hub = router(*THREE)
    assert [info.id for info in hub.infos(need)] == order
    assert await answerer(hub, need) == order[0]


async def test_deployments_that_do_not_fit_are_passed_over() -> None:
    hub = router(says("scripted/a", caps=frozenset({"embed"})), says("scripted/b", context=10), says("scripted/c"))
    need = ModelNeed(context=4096, prefer=["scripted/a", "scripted/b"])
    assert [info.id for info in hub.infos(need)] == ["scripted/c"]
    assert await answerer(hub, need) == "scripted/c"


async def test_requests_with_tools_or_long_messages_need_deployments_that_take_them() -> None:
    hub = router(says("scripted/a", caps=frozenset({"chat"}), context=100), says("scripted/b"))
    offer = ToolOffer(name="look", description="", schema={"type": "object"})
    assert await answerer(hub) == "scripted/a"
    assert await answerer(hub, tools=(offer,)) == "scripted/b"
    assert await answerer(hub, text="x" * 1000) == "scripted/b"


async def test_nobody_fits() -> None:
    hub = router(says("scripted/a", caps=frozenset({"embed"})), says("scripted/b", context=10))
    with pytest.raises(ModelNotConfigured, match=r"scripted/a lacks chat; scripted/b has a context of 10 tokens"):
        await hub.call(asks(), ModelNeed(context=99))
    with pytest.raises(ModelNotConfigured):
        hub.offers(asks(), ModelNeed(context=99))
    with pytest.raises(ModelNotConfigured, match="there is none"):
        await router().call(asks(), NEED)


@pytest.mark.parametrize("code", ["BG822", "BG823", "BG824", "BG827"])
async def test_the_next_one_is_tried(code: str) -> None:
    assert (
        await answerer(router(deployment("scripted/a", {"error": {"code": code}}), says("scripted/b"))) == "scripted/b"
    )


@pytest.mark.parametrize(("code", "kind"), [("BG825", ModelRefused), ("BG826", ModelOutputInvalid)])
async def test_wrong_answers_and_refusals_are_final(code: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await answerer(router(deployment("scripted/a", {"error": {"code": code}}), says("scripted/b")))


async def test_an_empty_script_is_final() -> None:
    with pytest.raises(ScriptExhausted):
        await answerer(router(deployment("scripted/a"), says("scripted/b")))


async def test_all_failures_are_listed() -> None:
    late = {"error": {"code": "BG824", "message": "slow"}}
    with pytest.raises(ModelsFailed) as caught:
        await answerer(router(deployment("scripted/a", DOWN), deployment("scripted/b", late)))
    attempts = caught.value.details["attempts"]
    assert attempts == [
        {"deployment": "scripted/a", "code": "BG823", "message": "down"},
        {"deployment": "scripted/b", "code": "BG824", "message": "slow"},
    ]
    assert "scripted/a: BG823 down; scripted/b: BG824 slow" in str(caught.value)
    assert isinstance(caught.value.__cause__, ModelTimeout)
    assert caught.value.retryable


async def test_failures_that_no_retry_mends_are_not_retryable() -> None:
    unset = {"error": {"code": "BG822"}}
    with pytest.raises(ModelNotConfigured) as caught:
        await answerer(router(deployment("scripted/a", unset), deployment("scripted/b", unset)))
    assert not caught.value.retryable


async def test_the_only_failure_is_itself() -> None:
    with pytest.raises(ModelTimeout, match="slow"):
        await answerer(router(deployment("scripted/a", {"error": {"code": "BG824", "message": "slow"}})))


async def test_deltas_are_passed_on() -> None:
    pieces: list[str] = []
    hub = scripted_hub([{"text": "abcdef", "pieces": 3}])
    answer = await hub.call(asks(), NEED, on_delta=pieces.append)
    assert pieces == ["ab", "cd", "ef"]
    assert answer.reply.text == "abcdef"


BROKEN = {"text": "Hel", "error": {"code": "BG827"}}


async def test_nobody_else_speaks_once_something_was_shown() -> None:
    pieces: list[str] = []
    with pytest.raises(ModelInterrupted):
        await router(deployment("scripted/a", BROKEN), says("scripted/b")).call(asks(), NEED, on_delta=pieces.append)
    assert pieces == ["Hel"]


async def test_a_broken_answer_that_nobody_saw_is_replaced() -> None:
    assert await answerer(router(deployment("scripted/a", BROKEN), says("scripted/b"))) == "scripted/b"


async def test_the_timeout_spans_all_deployments() -> None:
    slow = {"text": "x", "delay": 60}
    with pytest.raises(ModelTimeout, match=r"0\.1 s") as caught:
        await router(deployment("scripted/a", DOWN), deployment("scripted/b", slow)).call(asks(), NEED, timeout=0.1)
    assert caught.value.details["attempts"] == [{"deployment": "scripted/a", "code": "BG823", "message": "down"}]


async def test_cancelling_passes_through() -> None:
    hub = router(deployment("scripted/a", {"text": "x", "delay": 60}), says("scripted/b"))
    task = asyncio.create_task(hub.call(asks(), NEED))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_usage_and_price() -> None:
    hub = router(says("scripted/a", price=Price(input=1e6, output=2e6)))
    request = asks("x" * 30)
    usage = (await hub.call(request, NEED)).reply.usage
    assert set(usage) == {"tokens", "usd", "seconds", "tool_calls", "input_tokens", "output_tokens"}
    assert (usage["input_tokens"], usage["output_tokens"], usage["tokens"]) == (10, 4, 14)
    assert usage["usd"] == 18.0
    assert usage["tool_calls"] == 0


@pytest.mark.parametrize("text", ["x" * 30, "水泵" * 15, ""])
async def test_offers_bound_what_is_used(text: str) -> None:
    hub = router(says("scripted/a"), says("scripted/b", max_tokens=2000, price=Price(input=1.0, output=2.0)))
    first, second = hub.offers(asks(text), NEED)
    assert (first.deployment, second.deployment) == ("scripted/a", "scripted/b")
    for offer in (first, second):
        usage = (await hub.call(asks(text), NEED, only=[offer.deployment])).reply.usage
        assert int(str(usage["tokens"])) <= offer.amounts["tokens"]
    bound = second.amounts
    assert bound["tokens"] >= 2000
    assert hub.offers(asks(text, max_tokens=5), NEED)[1].amounts["tokens"] == bound["tokens"] - 1995
    assert bound["usd"] == pytest.approx(((bound["tokens"] - 2000) * 1.0 + 2000 * 2.0) / 1e6)


class Remotes:
    """Deployments on the chat server, closed at the end."""

    def __init__(self, server: ChatServer) -> None:
        self.server = server
        self.hubs: list[Router] = []

    def hub(self, *more: Deployment, **options: Any) -> Router:  # noqa: ANN401
        endpoint = Endpoint(url=self.server.url, model="m", retries=0)
        self.hubs.append(router(Deployment(id="remote/a", options=endpoint, **options), *more))
        return self.hubs[-1]


@pytest.fixture
async def remotes(server: ChatServer) -> AsyncIterator[Remotes]:
    made = Remotes(server)
    yield made
    for hub in made.hubs:
        await hub.close()


async def test_a_remote_failure_falls_back(server: ChatServer, remotes: Remotes) -> None:
    server.says(refuses(503, {}))
    assert await answerer(remotes.hub(says("scripted/b"))) == "scripted/b"


async def test_cancelling_stops_the_remote_server(server: ChatServer, remotes: Remotes) -> None:
    server.says(streams([delta(content="a")] * 1000, pause=0.01))
    task = asyncio.create_task(remotes.hub().call(asks(), NEED))
    assert await asyncio.to_thread(server.asked.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(server.broken_off.wait, 5)


async def test_an_error_of_the_listener_stops_the_remote_server(server: ChatServer, remotes: Remotes) -> None:
    def full(text: str) -> None:
        raise BufferError(text)

    server.says(streams([delta(content="a")] * 1000, pause=0.01))
    with pytest.raises(BufferError):
        await remotes.hub().call(asks(), NEED, on_delta=full)
    assert await asyncio.to_thread(server.broken_off.wait, 5)


SCHEMA = {"type": "object", "properties": {"value": {"type": "number"}}, "required": ["value"]}


async def test_a_schema_is_sent_and_checked(server: ChatServer, remotes: Remotes) -> None:
    server.says(
        streams([delta(content='{"value": 7.2}'), delta("stop"), DONE]),
        streams([delta(content='{"value": "hot"}'), delta("stop"), DONE]),
    )
    hub = remotes.hub()
    assert (await hub.call(asks(schema=SCHEMA), NEED)).reply.data == {"value": 7.2}
    with pytest.raises(ModelOutputInvalid, match=r"\['value'\] does not fit the schema"):
        await hub.call(asks(schema=SCHEMA), NEED)
    assert server.bodies[0]["response_format"]["json_schema"]["schema"] == SCHEMA
    assert len(server.bodies) == 2


async def test_a_model_without_json_is_told_the_schema(server: ChatServer, remotes: Remotes) -> None:
    server.says(streams([delta(content='```json\n{"value": 7.2}\n```'), delta("stop"), DONE]))
    hub = remotes.hub(caps=frozenset({"chat"}))
    system = ChatMessage(role="system", content="Be brief.")
    request = ModelRequest(model="main", messages=(system, *asks().messages), schema=SCHEMA)
    assert (await hub.call(request, NEED)).reply.data == {"value": 7.2}
    assert "response_format" not in server.bodies[0]
    roles = [message["role"] for message in server.bodies[0]["messages"]]
    assert roles == ["system", "user"]
    assert '"required": ["value"]' in server.bodies[0]["messages"][0]["content"]


async def test_a_server_that_counts_nothing_costs_the_upper_bound(server: ChatServer, remotes: Remotes) -> None:
    server.says(streams([delta(content="Hi"), delta("stop"), DONE]))
    hub = remotes.hub()
    usage = (await hub.call(asks("x" * 300), NEED)).reply.usage
    assert int(str(usage["input_tokens"])) >= 100
    assert int(str(usage["output_tokens"])) >= 1


async def test_a_hub_is_opened_from_a_file(server: ChatServer, tmp_path: Path) -> None:
    server.says(streams(HELLO))
    (tmp_path / "models.yaml").write_text(
        f"models:\n  remote/a: {{options: {{url: '{server.url}', model: m, key: PLANT_KEY}}}}\n", "utf-8"
    )

    async def secret(name: str) -> str | None:
        return {"PLANT_KEY": "sk-1"}.get(name)

    hub = open_hub(tmp_path / "models.yaml", Builder(secrets=secret, offline=True))
    assert (await hub.call(asks(), NEED)).reply.text == "Hello"
    assert server.headers[0]["authorization"] == "Bearer sk-1"
    await hub.close()


async def test_offline_refuses_servers_elsewhere() -> None:
    far = Deployment(id="remote/far", options=Endpoint(url="https://llm.plant.example/v1", model="m"))
    with pytest.raises(ModelNotConfigured, match="BAIGONG_OFFLINE"):
        await answerer(router(far, offline=True))
    assert await answerer(router(far, says("scripted/b"), offline=True)) == "scripted/b"


async def test_prompts_never_go_to_langsmith(monkeypatch: pytest.MonkeyPatch) -> None:
    def listened(*_: object, **__: object) -> None:
        raise AssertionError("somebody would be told of the prompt")

    monkeypatch.setattr(AsyncCallbackManager, "configure", listened)
    with tracing_context(enabled=True):
        assert tracing_is_enabled()
        with pytest.raises(AssertionError):
            await ScriptedChat(name="a", script=Script(echo=True)).ainvoke("hi")
        assert (await scripted_hub(echo=True).call(asks(), NEED)).reply.text
