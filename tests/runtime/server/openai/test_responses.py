"""`responses` with openai-python."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel

from .conftest import Live
from .shapes import Shapes

pytestmark = pytest.mark.anyio

LOOK: Any = {
    "type": "function",
    "name": "look",
    "description": "Look.",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    "strict": None,
}
PICTURE = "data:image/png;base64,iVBORw0KGgo="
EVENTS = [
    "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
    *["response.output_text.delta"] * 4, "response.output_text.done", "response.content_part.done",
    "response.output_item.done", "response.completed",
]  # fmt: skip


async def streamed(http: httpx.AsyncClient, **body: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """The events of a stream; each has its own type as its name."""
    answer = await http.post("/responses", json={"input": "Hi", **body, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events: list[dict[str, Any]] = []
    for block in answer.text.strip().split("\n\n"):
        name, data = block.split("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    return events


async def test_an_answer_is_a_response(client: AsyncOpenAI) -> None:
    answer = await client.responses.create(model="scripted/talk", input="Hi", metadata={"a": "b"})
    assert (answer.output_text, answer.status, answer.model) == ("The seal leaks.", "completed", "scripted/talk")
    assert answer.id.startswith("resp_") and answer.metadata == {"a": "b"}
    assert answer.usage and answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 0


async def test_a_stream_has_every_event_in_order(http: httpx.AsyncClient) -> None:
    events = await streamed(http, model="scripted/talk")
    assert [event["type"] for event in events] == EVENTS
    assert [event["sequence_number"] for event in events] == [*range(len(EVENTS))]
    assert "".join(event["delta"] for event in events if event["type"].endswith("delta")) == "The seal leaks."
    done, last = events[-2], events[-1]
    assert last["response"]["output"] == [done["item"]]
    assert {event["item_id"] for event in events if "item_id" in event} == {done["item"]["id"]}
    assert (await http.get(f"/responses/{last['response']['id']}")).json() == last["response"]


async def test_the_stream_of_the_client_ends_with_the_response(client: AsyncOpenAI) -> None:
    async with client.responses.stream(model="scripted/talk", input="Hi") as stream:
        final = await stream.get_final_response()
    assert (final.output_text, final.status) == ("The seal leaks.", "completed")


async def test_calls_whole_and_streamed(client: AsyncOpenAI, http: httpx.AsyncClient) -> None:
    answer = await client.responses.create(model="scripted/tool", input="Hi", tools=[LOOK])
    calls: Any = answer.output
    assert [(call.type, json.loads(call.arguments)) for call in calls] == [
        ("function_call", {"place": "东"}),
        ("function_call", {"place": "b"}),
    ]
    events = await streamed(http, model="scripted/tool", tools=[LOOK])
    assert [event["sequence_number"] for event in events] == [*range(len(events))]
    done = [event for event in events if event["type"] == "response.function_call_arguments.done"]
    assert [(one["output_index"], one["arguments"]) for one in done] == [
        (place, call.arguments) for place, call in enumerate(calls)
    ]
    async with client.responses.stream(model="scripted/tool", input="Hi", tools=[LOOK]) as stream:
        final = await stream.get_final_response()
    assert [item.type for item in final.output] == ["function_call", "function_call"]


async def test_a_loop_of_tools_goes_on_by_id(live: Live, client: AsyncOpenAI) -> None:
    first = await client.responses.create(model="scripted/tool", input="Look around", tools=[LOOK])
    calls: Any = first.output
    results: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "A leak."} for call in calls]
    second = await client.responses.create(
        model="scripted/echo", input=results, tools=[LOOK], previous_response_id=first.id
    )
    assert second.output_text == "Look around"
    asked: Any = [item async for item in client.responses.input_items.list(second.id, order="asc")]
    assert [item.output for item in asked] == ["A leak.", "A leak."]


class Fault(BaseModel):
    fault: str
    sure: float


async def test_structured_output_is_parsed(client: AsyncOpenAI) -> None:
    answer = await client.responses.parse(model="scripted/data", input="Hi", text_format=Fault)
    assert answer.output_parsed == Fault(fault="leak", sure=0.5)
    loose = await client.responses.create(model="scripted/data", input="Hi", text={"format": {"type": "json_object"}})
    assert json.loads(loose.output_text) == {"fault": "leak", "sure": 0.5}


async def test_items_of_every_kind_are_taken(client: AsyncOpenAI) -> None:
    given: Any = [
        {"role": "developer", "content": "Be brief."},
        {
            "role": "user",
            "content": [{"type": "input_text", "text": "So"}, {"type": "input_image", "image_url": PICTURE}],
        },
        {"role": "assistant", "content": "Hm.", "phase": "commentary"},
        {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "A leak."}]},
        {"role": "user", "content": "And?"},
    ]
    answer = await client.responses.create(model="scripted/echo", input=given, instructions="Echo.", tools=[LOOK])
    assert answer.output_text == "And?"
    listed = await client.responses.input_items.list(answer.id, limit=4)
    assert [item.type for item in listed.data] == ["message", "function_call_output", "function_call", "message"]
    everything = [item async for item in client.responses.input_items.list(answer.id, limit=2)]
    assert len(everything) == len({item.id for item in everything}) == 6


async def test_a_reference_stands_for_a_stored_item(client: AsyncOpenAI) -> None:
    first = await client.responses.create(model="scripted/talk", input="Hi")
    given: Any = [{"type": "item_reference", "id": first.output[0].id}, {"role": "user", "content": "Go on"}]
    second = await client.responses.create(model="scripted/echo", input=given)
    asked: Any = [item async for item in client.responses.input_items.list(second.id, order="asc")]
    assert asked[0].content[0].text == "The seal leaks."


async def test_a_deleted_response_is_gone_and_so_is_what_goes_on_from_it(client: AsyncOpenAI) -> None:
    first = await client.responses.create(model="scripted/talk", input="Hi")
    second = await client.responses.create(model="scripted/talk", input="Hi", previous_response_id=first.id)
    assert (await client.responses.retrieve(second.id)).previous_response_id == first.id
    await client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError) as gone:
        await client.responses.retrieve(first.id)
    assert (gone.value.code, gone.value.param) == ("not_found", "response_id")
    with pytest.raises(openai.NotFoundError):
        await client.responses.delete(first.id)
    for lost in (first.id, second.id):
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(model="scripted/talk", input="Hi", previous_response_id=lost)
        assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")


async def test_what_is_not_to_be_stored_is_not(client: AsyncOpenAI) -> None:
    answer = await client.responses.create(model="scripted/talk", input="Hi", store=False)
    assert answer.to_dict()["store"] is False
    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(answer.id)


WRONG: list[tuple[dict[str, Any], type[openai.APIStatusError], str, str | None]] = [
    ({"model": "scripted/none"}, openai.NotFoundError, "model_not_found", "model"),
    ({"model": "scripted/down"}, openai.InternalServerError, "BG823", None),
    ({"background": True}, openai.BadRequestError, "unsupported_parameter", "background"),
    ({"conversation": "conv_1"}, openai.BadRequestError, "unsupported_parameter", "conversation"),
    ({"truncation": "auto"}, openai.BadRequestError, "unsupported_parameter", "truncation"),
    ({"include": ["file_search_call.results"]}, openai.BadRequestError, "unsupported_parameter", "include"),
    ({"extra_body": {"colour": "red"}}, openai.BadRequestError, "unknown_parameter", "colour"),
    ({"temperature": 9}, openai.BadRequestError, "invalid_value", "temperature"),
    ({"metadata": {"a": "b" * 600}}, openai.BadRequestError, "invalid_value", "metadata.a"),
    ({"tools": [{"type": "web_search"}]}, openai.BadRequestError, "invalid_value", "tools[0].type"),
    ({"tools": [LOOK, LOOK]}, openai.BadRequestError, "invalid_value", "tools"),
    ({"tool_choice": {"type": "function", "name": "x"}}, openai.BadRequestError, "invalid_value", "tool_choice"),
    ({"text": {"format": {"type": "xml"}}}, openai.BadRequestError, "invalid_value", "text.format"),
    ({"input": []}, openai.BadRequestError, "invalid_value", "input"),
    ({"input": [{"type": "reasoning", "id": "r"}]}, openai.BadRequestError, "unsupported_parameter", "input[0].type"),
    ({"input": [{"role": "user"}]}, openai.BadRequestError, "invalid_value", "input[0].content"),
    ({"input": [{"type": "item_reference", "id": "m"}]}, openai.BadRequestError, "item_not_found", "input[0].id"),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "http://x/a.png"}]}]},
        openai.BadRequestError,
        "invalid_image_url",
        "input[0].content[0].image_url",
    ),
]


@pytest.mark.parametrize(("body", "kind", "code", "param"), WRONG)
async def test_errors_have_openais_shape(
    client: AsyncOpenAI, body: dict[str, Any], kind: type[openai.APIStatusError], code: str, param: str | None
) -> None:
    with pytest.raises(kind) as caught:
        await client.responses.create(**{"model": "scripted/echo", "input": "Hi", **body})
    assert (caught.value.code, caught.value.param) == (code, param)


async def test_a_failure_before_the_first_word_is_no_stream(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        await client.responses.create(model="scripted/down", input="Hi", stream=True)
    assert caught.value.code == "BG823"


async def test_a_stream_that_breaks_off_ends_as_failed(http: httpx.AsyncClient) -> None:
    events = await streamed(http, model="scripted/cut")
    last = events[-1]
    assert (last["type"], last["response"]["status"]) == ("response.failed", "failed")
    assert last["response"]["error"] == {"code": "server_error", "message": "cut (BG827)"}
    assert last["response"]["output"][0]["content"][0]["text"] == "Half a"
    assert [event["sequence_number"] for event in events] == [*range(len(events))]


async def test_scopes_and_workspaces(live: Live) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        await live.client(await live.keyed("runs:read")).responses.create(model="scripted/echo", input="Hi")
    mine = await live.client(await live.keyed("models:use")).responses.create(model="scripted/echo", input="Hi")
    assert await live.bench.database.responses.get(mine.id, "main")
    assert await live.bench.database.responses.get(mine.id, "other") is None
    assert await live.bench.database.responses.chain(mine.id, "other") is None


async def test_answers_have_openais_schema(http: httpx.AsyncClient, shapes: Shapes) -> None:
    form = {"type": "json_schema", "name": "fault", "schema": {"type": "object"}}
    for body in (
        {"model": "scripted/talk", "input": "Hi"},
        {"model": "scripted/tool", "input": "Hi", "tools": [LOOK], "instructions": "x"},
        {"model": "scripted/data", "input": "Hi", "text": {"format": form}},
    ):
        answer = (await http.post("/responses", json=body)).json()
        shapes.check("Response", answer)
        shapes.check("ResponseItemList", (await http.get(f"/responses/{answer['id']}/input_items")).json())


@pytest.mark.parametrize("model", ["scripted/talk", "scripted/tool", "scripted/cut"])
async def test_events_have_openais_schema(http: httpx.AsyncClient, shapes: Shapes, model: str) -> None:
    for event in await streamed(http, model=model, tools=[LOOK]):
        if event.get("response", {}).get("usage", 0) is None:
            del event["response"]["usage"]  # OpenAI sends null, its description forgets it
        shapes.check_event(event)
