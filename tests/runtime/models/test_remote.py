from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool

from runtime.models.endpoint import Endpoint
from runtime.models.errors import (
    ModelError,
    ModelInterrupted,
    ModelNotConfigured,
    ModelOutputInvalid,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)
from runtime.models.remote import RemoteChat

from .conftest import DONE, HELLO, ChatServer, delta, event, refuses, streams, usage

pytestmark = pytest.mark.anyio


def gives(*keys: str | None) -> Callable[[], Awaitable[str | None]]:
    """Return what asks a store of secrets: each key in turn, the last one for ever."""
    left = list(keys)

    async def ask() -> str | None:
        return left.pop(0) if len(left) > 1 else left[0]

    return ask


KEY = "sk-very-secret-1234"


Remote = Callable[..., RemoteChat]


@pytest.fixture
async def remote(server: ChatServer) -> AsyncIterator[Remote]:
    made: list[RemoteChat] = []

    def make(**more: object) -> RemoteChat:
        endpoint = Endpoint.model_validate({"url": server.url, "model": "m", **more})
        made.append(RemoteChat(name="remote/test", endpoint=endpoint))
        return made[-1]

    yield make
    for model in made:
        await model.close()


async def failure(step: Awaitable[object]) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await step
    return caught.value


async def test_streams_pieces_and_usage(server: ChatServer, remote: Remote) -> None:
    server.says(streams(HELLO))
    chunks = [chunk async for chunk in remote().astream("Hi")]
    assert [str(chunk.text) for chunk in chunks] == ["Hel", "lo", ""]
    assert chunks[-1].usage_metadata == {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}
    assert chunks[-1].response_metadata["finish_reason"] == "stop"


async def test_pieces_come_while_the_server_still_writes(server: ChatServer, remote: Remote) -> None:
    server.says(streams(HELLO, pause=0.1))
    started = time.monotonic()
    moments = [time.monotonic() - started async for chunk in remote().astream("Hi") if chunk.text]
    assert moments[1] - moments[0] > 0.05


async def test_ainvoke_sends_the_conversation(server: ChatServer, remote: Remote) -> None:
    server.says(streams(HELLO))
    call = {"type": "tool_call", "id": "c1", "name": "look", "args": {"tag": "P-101"}}
    messages = [
        SystemMessage("Be brief."),
        HumanMessage("水泵？"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("7.2", tool_call_id="c1"),
    ]
    answer = await remote().ainvoke(messages, temperature=0.0, max_tokens=9, stop=["END"])
    assert answer.content == "Hello"
    body = server.bodies[0]
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool"]
    assert body["messages"][2]["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"tag": "P-101"}'}
    assert (body["model"], body["temperature"], body["max_tokens"], body["stop"]) == ("m", 0.0, 9, ["END"])


async def test_body_adds_and_removes_keys(server: ChatServer, remote: Remote) -> None:
    server.says(streams(HELLO))
    await remote(body={"stream_options": None, "top_k": 1}).ainvoke("Hi")
    assert "stream_options" not in server.bodies[0]
    assert server.bodies[0]["top_k"] == 1


def call_part(index: int, **parts: str) -> str:
    named = {"id": parts.pop("id")} if "id" in parts else {}
    return delta(tool_calls=[{"index": index, **named, "function": parts}])


TWO_CALLS = [
    call_part(0, id="a", name="look", arguments='{"ta'),
    call_part(0, arguments='g": "P-1"}'),
    call_part(1, id="b", name="stop", arguments=""),
    delta("tool_calls"),
    DONE,
]


@pytest.mark.parametrize("indexed", [True, False])
async def test_tool_calls_are_put_together(server: ChatServer, remote: Remote, indexed: bool) -> None:
    events = TWO_CALLS if indexed else [re.sub(r'"index": \d, (?=["]id|["]func)', "", item) for item in TWO_CALLS]
    server.says(streams(events))
    answer = await remote().ainvoke("Hi")
    assert [(call["id"], call["name"], call["args"]) for call in answer.tool_calls] == [
        ("a", "look", {"tag": "P-1"}),
        ("b", "stop", {}),
    ]


async def test_bound_tools_are_offered(server: ChatServer, remote: Remote) -> None:
    @tool
    def look(tag: str) -> str:
        """Read a sensor."""
        return tag

    server.says(streams(TWO_CALLS))
    answer = await remote().bind_tools([look], tool_choice="any").ainvoke("Hi")
    assert answer.tool_calls[0]["name"] == "look"
    assert server.bodies[0]["tools"][0]["function"]["name"] == "look"
    assert server.bodies[0]["tool_choice"] == "required"


@pytest.mark.parametrize(
    "events",
    [
        [call_part(0, id="a", name="pay", arguments='{"to": "Bob", "sum": 1')],
        [call_part(0, id="a", name="pay", arguments='{"to": "Bob"}')],
        [delta(content="Hel"), 'data: {"choices": [{"delta": {"con'],
        [delta(content="Hel")],
        [delta(content="Hel"), DONE],
        [],
    ],
)
async def test_a_cut_stream_is_an_error(server: ChatServer, remote: Remote, events: list[str]) -> None:
    server.says(streams(events))
    model = remote(retries=0)
    seen: list[Any] = []

    async def read() -> None:
        async for chunk in model.astream("Hi"):
            seen.extend(chunk.tool_call_chunks)

    assert isinstance(await failure(read()), ModelInterrupted)
    assert seen == []


async def test_a_dropped_connection_is_an_error(server: ChatServer, remote: Remote) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\n\r\n"
        writer.write(head + delta(content="Hel").encode())
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
    assert isinstance(await failure(remote().ainvoke("Hi")), ModelInterrupted)
    listener.close()


@pytest.mark.parametrize(
    "events",
    [
        [call_part(0, id="a", name="pay", arguments='{"sum": 1'), delta("tool_calls"), DONE],
        [call_part(0, id="a", name="pay", arguments='{"sum": NaN}'), delta("tool_calls"), DONE],
        [call_part(0, id="a", name="pay", arguments="[1]"), delta("tool_calls"), DONE],
        [call_part(0, id="a", arguments="{}"), delta("tool_calls"), DONE],
        [event('{"choices": ['), DONE],
        [event("[1]"), DONE],
    ],
)
async def test_broken_output_is_an_error(server: ChatServer, remote: Remote, events: list[str]) -> None:
    server.says(streams(events))
    assert isinstance(await failure(remote().ainvoke("Hi")), ModelOutputInvalid)


async def test_a_call_cut_off_by_the_limit_says_so(server: ChatServer, remote: Remote) -> None:
    server.says(streams([call_part(0, id="a", name="pay", arguments='{"sum": 1'), delta("length"), DONE]))
    assert "limit of tokens" in str(await failure(remote().ainvoke("Hi")))


async def test_a_server_that_does_not_stream_is_an_error(server: ChatServer, remote: Remote) -> None:
    server.says(refuses(200, {"choices": []}))
    assert "application/json" in str(await failure(remote().ainvoke("Hi")))


@pytest.mark.parametrize("event_of_refusal", [delta("stop", refusal="I will not."), delta("content_filter")])
async def test_a_refusal_is_an_error(server: ChatServer, remote: Remote, event_of_refusal: str) -> None:
    server.says(streams([event_of_refusal, DONE]))
    assert isinstance(await failure(remote().ainvoke("Hi")), ModelRefused)


async def test_retry_after_is_honoured(server: ChatServer, remote: Remote) -> None:
    server.says(refuses(429, {"error": {"message": "slow down"}}, Retry_After="1"), streams(HELLO))
    started = time.monotonic()
    assert (await remote().ainvoke("Hi")).content == "Hello"
    assert 1.0 <= time.monotonic() - started < 3.0
    assert len(server.bodies) == 2


async def test_a_pause_beyond_the_limit_is_not_waited_for(server: ChatServer, remote: Remote) -> None:
    server.says(refuses(429, {}, Retry_After="3600"))
    error = await failure(remote().ainvoke("Hi"))
    assert (error.code, error.details["retry_after"], len(server.bodies)) == ("BG823", 3600.0, 1)


async def test_server_errors_are_retried_so_many_times(server: ChatServer, remote: Remote) -> None:
    server.says(refuses(503, {"error": "warming up"}))
    error = await failure(remote(retries=1).ainvoke("Hi"))
    assert isinstance(error, ModelUnavailable)
    assert "warming up" in error.message
    assert len(server.bodies) == 2


async def test_an_error_event_before_the_first_token_is_retried(server: ChatServer, remote: Remote) -> None:
    server.says(streams([event({"error": {"message": "overloaded", "code": 529}})]), streams(HELLO))
    assert (await remote().ainvoke("Hi")).content == "Hello"


async def test_nothing_is_retried_after_the_first_token(server: ChatServer, remote: Remote) -> None:
    server.says(streams([delta(content="Hel"), event({"error": {"message": "overloaded"}})]), streams(HELLO))
    assert isinstance(await failure(remote().ainvoke("Hi")), ModelUnavailable)
    assert len(server.bodies) == 1


async def test_an_absent_server_is_unavailable(server: ChatServer, remote: Remote) -> None:
    server.url = "http://127.0.0.1:9/v1"
    error = await failure(remote(retries=0).ainvoke("Hi"))
    assert isinstance(error, ModelUnavailable)
    assert error.where == "remote/test"


@pytest.mark.parametrize(
    ("status", "content", "kind", "text"),
    [
        (400, {"error": {"message": "context too long", "code": "context_length_exceeded"}}, ModelRefused, "too long"),
        (401, {"error": {"message": f"Incorrect key {KEY}"}}, ModelNotConfigured, "Incorrect key ***"),
        (404, {"detail": "no such model"}, ModelNotConfigured, "no such model"),
        (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, ModelNotConfigured, "pay"),
        (422, {"message": "bad"}, ModelRefused, "bad"),
        (418, "tea" * 1000, ModelRefused, "…"),
        (307, {}, ModelNotConfigured, "307"),
    ],
)
async def test_error_bodies_become_typed_errors(
    server: ChatServer, remote: Remote, status: int, content: object, kind: type[ModelError], text: str
) -> None:
    server.says(refuses(status, content))
    model = remote(key="PLANT_KEY")
    model.key = gives(KEY)
    error = await failure(model.ainvoke("Hi"))
    assert type(error) is kind
    assert text in error.message
    assert KEY not in str(error.to_json())
    assert error.details["status"] == status
    assert len(server.bodies) == 1


SHORT = {"first_token": 0.3, "idle": 0.3, "total": 0.6}


@pytest.mark.parametrize(
    ("events", "pause", "limit"),
    [
        ([delta(content="Hel")], 5.0, "first_token"),
        ([": alive\n\n"] * 50, 0.05, "first_token"),
        ([delta(role="assistant")] * 50, 0.05, "first_token"),
        ([delta(content="Hel"), *[": alive\n\n"] * 50], 0.05, "idle"),
        ([delta(content="a")] * 50, 0.05, "total"),
        ([delta(reasoning_content="a")] * 50, 0.05, "total"),
        (list(delta(content="slow drip")), 0.05, "first_token"),
    ],
)
async def test_slow_answers_run_into_a_limit(
    server: ChatServer, remote: Remote, events: list[str], pause: float, limit: str
) -> None:
    server.says(streams(events, pause=pause))
    started = time.monotonic()
    error = await failure(remote(limits=SHORT).ainvoke("Hi"))
    assert isinstance(error, ModelTimeout)
    assert error.details["limit"] == limit
    assert time.monotonic() - started < 1.5


async def test_cancelling_stops_the_server(server: ChatServer, remote: Remote) -> None:
    server.says(streams([delta(content="a")] * 1000, pause=0.01))
    task = asyncio.create_task(remote().ainvoke("Hi"))
    assert await asyncio.to_thread(server.asked.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(server.broken_off.wait, 5)


async def test_leaving_the_stream_stops_the_server(server: ChatServer, remote: Remote) -> None:
    server.says(streams([delta(content="a")] * 1000, pause=0.01))
    stream = remote().chunks([HumanMessage("Hi")], None, {})
    await anext(stream)
    await stream.aclose()
    assert await asyncio.to_thread(server.broken_off.wait, 5)


async def test_the_key_is_asked_for_late_and_shown_nowhere(
    server: ChatServer, remote: Remote, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.says(streams(HELLO))
    model = remote(key="PLANT_KEY")
    model.key = gives(KEY, "sk-rotated")
    assert KEY not in repr(model) + str(model.model_dump()) + str(model.to_json())
    await model.ainvoke("Hi")
    await model.ainvoke("Hi")
    assert [head["authorization"] for head in server.headers] == [f"Bearer {KEY}", "Bearer sk-rotated"]
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", [None, "", "sk-bad\nX-Other: 1", "sk-密钥"])
async def test_a_key_that_cannot_be_sent_is_not_configured(server: ChatServer, remote: Remote, key: str | None) -> None:
    model = remote(key="PLANT_KEY")
    model.key = gives(key)
    error = await failure(model.ainvoke("Hi"))
    assert isinstance(error, ModelNotConfigured)
    assert not key or key not in str(error)
    assert server.bodies == []


async def test_no_key_sends_no_header(server: ChatServer, remote: Remote) -> None:
    server.says(streams(HELLO))
    await remote().ainvoke("Hi")
    assert "authorization" not in server.headers[0]


def test_invoke_works_without_an_event_loop(server: ChatServer) -> None:
    server.says(streams(HELLO))
    model = RemoteChat(endpoint=Endpoint(url=server.url, model="m"))
    assert model.invoke("Hi").content == "Hello"
    assert model.invoke("Hi").content == "Hello"


async def test_invoke_in_a_thread_leaves_the_loop_s_connections_alone(server: ChatServer, remote: Remote) -> None:
    server.says(streams(HELLO))
    model = remote()
    await model.ainvoke("Hi")
    assert (await asyncio.to_thread(model.invoke, "Hi")).content == "Hello"
    assert (await model.ainvoke("Hi")).content == "Hello"


async def test_an_answer_without_usage_has_none(server: ChatServer, remote: Remote) -> None:
    server.says(streams([delta(content="Hi"), delta("stop"), DONE]))
    assert (await remote().ainvoke("Hi")).usage_metadata is None


async def test_usage_of_every_event_counts_once(server: ChatServer, remote: Remote) -> None:
    server.says(streams([usage(5, 1), delta(content="Hi"), usage(5, 2), delta("length"), usage(5, 3), DONE]))
    answer = await remote().ainvoke("Hi")
    assert answer.usage_metadata and answer.usage_metadata["output_tokens"] == 3
    assert answer.response_metadata["finish_reason"] == "length"


async def test_proxies_of_the_environment_are_ignored(
    server: ChatServer, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.says(streams(HELLO))
    assert (await remote().ainvoke("Hi")).content == "Hello"


async def test_the_client_can_be_replaced(server: ChatServer, remote: Remote) -> None:
    server.says(streams(HELLO))
    model = remote()
    model.connect = lambda limits: aiohttp.ClientSession(headers={"X-Way": "guarded"})
    await model.ainvoke("Hi")
    assert server.headers[0]["x-way"] == "guarded"


async def test_connections_are_used_again(server: ChatServer, remote: Remote) -> None:
    server.says(streams(HELLO))
    model = remote()
    for _ in range(3):
        await model.ainvoke("Hi")
    assert len(set(server.ports)) == 1


async def test_a_name_that_nobody_knows_is_unavailable(remote: Remote) -> None:
    found = await failure(remote(url="http://nowhere.invalid/v1", retries=0).ainvoke("Hi"))
    assert isinstance(found, ModelUnavailable)
    assert "nowhere.invalid" in str(found)


async def test_log_probabilities_are_asked_for_and_read(server: ChatServer, remote: Remote) -> None:
    token = {"token": "Hi", "bytes": [72, 105], "logprob": -0.5, "top_logprobs": [{"token": "Ho", "logprob": -1.5}]}
    choice = {"index": 0, "delta": {"content": "Hi"}, "logprobs": {"content": [token]}, "finish_reason": None}
    server.says(streams([event({"choices": [choice]}), delta("stop"), DONE]))
    answer = await remote().ainvoke("Hi", logprobs=1)
    assert (server.bodies[0]["logprobs"], server.bodies[0]["top_logprobs"]) == (True, 1)
    assert answer.response_metadata["confidence"] == pytest.approx(0.6065, abs=1e-4)
    assert answer.response_metadata["logprobs"] == [
        {
            "token": "Hi",
            "bytes": [72, 105],
            "logprob": -0.5,
            "top": [{"token": "Ho", "bytes": None, "logprob": -1.5}],
        }
    ]
