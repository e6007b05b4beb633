"""openai-python against the service: what it sends, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel

from .conftest import OWNER, Live

pytestmark = pytest.mark.anyio

HI: Any = [{"role": "user", "content": "Hi"}]
LOOK: Any = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Look.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}


async def test_an_answer_is_a_completion(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="scripted/talk", messages=HI)
    choice = answer.choices[0]
    assert (choice.message.content, choice.finish_reason, answer.model) == ("The seal leaks.", "stop", "scripted/talk")
    assert answer.id.startswith("chatcmpl-")
    assert answer.usage and answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


async def test_a_stream_has_the_role_the_pieces_the_end_and_the_usage(client: AsyncOpenAI) -> None:
    chunks = [
        chunk
        async for chunk in await client.chat.completions.create(
            model="scripted/talk", messages=HI, stream=True, stream_options={"include_usage": True}
        )
    ]
    assert chunks[0].choices[0].delta.role == "assistant"
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert len(pieces) == 4 and "".join(pieces) == "The seal leaks."
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage and chunks[-1].usage.total_tokens > 0
    assert len({chunk.id for chunk in chunks}) == 1


async def test_a_stream_without_usage_says_nothing_of_it(live: Live) -> None:
    body = {"model": "scripted/talk", "messages": HI, "stream": True}
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {OWNER}"}) as http:
        text = (await http.post(f"{live.url}/openai/v1/chat/completions", json=body)).text
    assert text.endswith("data: [DONE]\n\n")
    assert '"usage"' not in text


async def test_tool_calls_whole_and_streamed(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="scripted/tool", messages=HI, tools=[LOOK])
    calls: Any = answer.choices[0].message.tool_calls
    assert [json.loads(call.function.arguments) for call in calls] == [{"place": "东"}, {"place": "b"}]
    assert (answer.choices[0].finish_reason, answer.choices[0].message.content) == ("tool_calls", None)
    async with client.chat.completions.stream(model="scripted/tool", messages=HI, tools=[LOOK]) as stream:
        final = await stream.get_final_completion()
    streamed: Any = final.choices[0].message.tool_calls
    assert [call.function.arguments for call in streamed] == [call.function.arguments for call in calls]
    assert len({call.id for call in streamed}) == 2


async def test_results_of_tools_come_back(client: AsyncOpenAI) -> None:
    call: Any = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"place": "a"}'}}
    told: Any = [
        {"role": "developer", "content": "Be brief."},
        *HI,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "A leak."},
        {"role": "user", "content": [{"type": "text", "text": "So?"}]},
    ]
    answer = await client.chat.completions.create(model="scripted/echo", messages=told, tools=[LOOK])
    assert answer.choices[0].message.content == "So?"


class Fault(BaseModel):
    fault: str
    sure: float


async def test_structured_output_is_parsed(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.parse(model="scripted/data", messages=HI, response_format=Fault)
    assert answer.choices[0].message.parsed == Fault(fault="leak", sure=0.5)


async def test_an_answer_that_does_not_fit_its_schema_is_an_error(client: AsyncOpenAI) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "array"}}}
    with pytest.raises(openai.InternalServerError) as caught:
        await client.chat.completions.create(model="scripted/data", messages=HI, response_format=form)
    assert (caught.value.status_code, caught.value.code) == (502, "BG826")


async def test_pictures_are_seen_but_never_fetched(client: AsyncOpenAI) -> None:
    def asked(url: str) -> Any:  # noqa: ANN401
        return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]

    good = asked("data:image/png;base64,iVBORw0KGgo=")
    await client.chat.completions.create(model="scripted/echo", messages=good)
    with pytest.raises(openai.InternalServerError, match="lacks vision"):
        await client.chat.completions.create(model="scripted/talk", messages=good)
    with pytest.raises(openai.BadRequestError, match="nothing is fetched") as caught:
        await client.chat.completions.create(model="scripted/echo", messages=asked("https://example.com/a.png"))
    assert caught.value.param == "messages[0].content[0].image_url"


async def test_the_policy_chooses_auto(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="auto", messages=HI)
    assert answer.model == "scripted/echo"


# -- errors ----------------------------------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], type[openai.APIStatusError], str, str | None]] = [
    ({"model": "scripted/none"}, openai.NotFoundError, "model_not_found", "model"),
    ({"model": "embedder/words"}, openai.NotFoundError, "model_not_found", "model"),
    ({"n": 2}, openai.BadRequestError, "unsupported_parameter", "n"),
    ({"logit_bias": {"1": 2}}, openai.BadRequestError, "unsupported_parameter", "logit_bias"),
    ({"extra_body": {"colour": "red"}}, openai.BadRequestError, "unknown_parameter", "colour"),
    ({"temperature": 9}, openai.BadRequestError, "invalid_value", "temperature"),
    ({"messages": []}, openai.BadRequestError, "invalid_value", "messages"),
    ({"tools": [LOOK, LOOK]}, openai.BadRequestError, "invalid_value", "tools"),
    ({"tool_choice": "required"}, openai.BadRequestError, "invalid_value", "tool_choice"),
    ({"top_logprobs": 3}, openai.BadRequestError, "invalid_value", "top_logprobs"),
    ({"stop": ["a", "b", "c", "d", "e"]}, openai.BadRequestError, "invalid_value", "stop"),
    ({"model": "scripted/down"}, openai.InternalServerError, "BG823", None),
]


@pytest.mark.parametrize(("body", "kind", "code", "param"), WRONG)
async def test_errors_have_openais_shape(
    client: AsyncOpenAI, body: dict[str, Any], kind: type[openai.APIStatusError], code: str, param: str | None
) -> None:
    with pytest.raises(kind) as caught:
        await client.chat.completions.create(**{"model": "scripted/echo", "messages": HI, **body})
    error = caught.value
    assert (error.code, error.param) == (code, param)
    told: Any = error.body
    assert set(told) == {"message", "type", "param", "code"} and told["message"]
    assert error.response.headers["x-request-id"].startswith("req_")
    assert error.response.headers["x-baigong-code"].startswith("BG")


async def test_what_asks_for_nothing_is_taken(client: AsyncOpenAI) -> None:
    await client.chat.completions.create(
        model="scripted/echo", messages=HI, n=1, frequency_penalty=0, metadata={"a": "b"}, store=False, user="u"
    )


async def test_credentials(live: Live) -> None:
    with pytest.raises(openai.AuthenticationError) as nobody:
        await live.client("sk-wrong").models.list()
    assert nobody.value.code == "invalid_api_key"
    with pytest.raises(openai.PermissionDeniedError) as forbidden:
        await live.client(await live.keyed("runs:read")).chat.completions.create(model="scripted/echo", messages=HI)
    assert forbidden.value.code == "permission_denied"
    answer = await live.client(await live.keyed("models:use")).chat.completions.create(
        model="scripted/echo", messages=HI
    )
    assert answer.choices[0].message.content == "Hi"


async def test_paths_that_do_not_exist_and_bodies_that_are_no_json(live: Live) -> None:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {OWNER}"}) as http:
        lost = (await http.get(f"{live.url}/openai/v1/nowhere")).json()
        broken = await http.post(
            f"{live.url}/openai/v1/chat/completions", content=b"{", headers={"Content-Type": "application/json"}
        )
        foreign = await http.get(f"{live.url}/openai/v1/models", headers={"Origin": "https://evil.example"})
    assert lost["error"]["code"] == "unknown_url"
    assert (broken.status_code, broken.json()["error"]["type"]) == (400, "invalid_request_error")
    assert (foreign.status_code, set(foreign.json())) == (403, {"error"})


async def test_a_model_that_is_left_alone_says_when_to_come_back(client: AsyncOpenAI) -> None:
    for _ in range(3):
        with pytest.raises(openai.InternalServerError):
            await client.chat.completions.create(model="scripted/down", messages=HI)
    with pytest.raises(openai.RateLimitError) as caught:
        await client.chat.completions.create(model="scripted/down", messages=HI)
    assert caught.value.code == "rate_limit_exceeded"
    assert 25 <= int(caught.value.response.headers["retry-after"]) <= 30


async def test_a_failure_before_the_first_word_is_no_stream(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        await client.chat.completions.create(model="scripted/down", messages=HI, stream=True)
    assert caught.value.code == "BG823"


async def test_a_stream_that_breaks_off_ends_with_the_error(client: AsyncOpenAI) -> None:
    said: list[str] = []
    with pytest.raises(openai.APIError, match="cut"):
        async for chunk in await client.chat.completions.create(model="scripted/cut", messages=HI, stream=True):
            said.append(chunk.choices[0].delta.content or "")
    assert "".join(said) == "Half a"


async def test_a_client_that_goes_away_stops_the_model(live: Live) -> None:
    with pytest.raises(openai.APITimeoutError):
        await live.client(timeout=0.3).chat.completions.create(model="scripted/slow", messages=HI, stream=True)
    health = live.bench.models.fleet.health(live.bench.models.fleet.find("scripted/slow"))  # type: ignore[arg-type]
    async with asyncio.timeout(5):
        while health.active:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.02)


# -- spending --------------------------------------------------------------------------------------------------------


async def test_calls_stand_in_the_usage_and_the_decisions(live: Live, client: AsyncOpenAI) -> None:
    await client.chat.completions.create(model="scripted/echo", messages=HI)
    await client.embeddings.create(model="embedder/words", input="a pump")
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {OWNER}"}) as http:
        spent = (await http.get(f"{live.url}/v1/usage", params={"by": "user"})).json()["usage"]
    assert spent[0]["user"] == "local" and spent[0]["tokens"] > 0 and spent[0]["usd"] > 0
    decisions = await live.bench.decisions.list("main")
    assert [(one["deployment"], one["principal"], one["error"]) for one in decisions] == [
        ("scripted/echo", "local", None)
    ]
