from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from pydantic import ValidationError

from runtime.models.errors import ModelInterrupted, ModelRefused, ModelUnavailable, ScriptExhausted
from runtime.models.script import Script
from runtime.models.scripted import ScriptedChat

pytestmark = pytest.mark.anyio


def scripted(*entries: dict[str, Any], echo: bool = False) -> ScriptedChat:
    return ScriptedChat(name="scripted/test", script=Script.model_validate({"script": list(entries), "echo": echo}))


async def test_entries_come_in_order_and_once() -> None:
    model = scripted({"text": "one"}, {"text": "two"})
    assert [(await model.ainvoke("Hi")).content for _ in range(2)] == ["one", "two"]
    with pytest.raises(ScriptExhausted, match="no answer left to 'Hi'"):
        await model.ainvoke("Hi")
    assert model.calls == 3


@pytest.mark.parametrize(
    ("match", "message", "fits"),
    [
        ("pump", "the pump is hot", True),
        ("pump", "the fan is hot", False),
        ("p.mp", "the pump is hot", False),
        ("/p.mp/", "the pump is hot", True),
        ("/^pump/", "the pump is hot", False),
        ("水泵", "水泵很热", True),
    ],
)
async def test_match_is_a_part_or_a_regular_expression(match: str, message: str, fits: bool) -> None:
    model = scripted({"match": match, "text": "yes"}, {"text": "no"})
    assert (await model.ainvoke(message)).content == ("yes" if fits else "no")


async def test_match_looks_at_the_last_user_message() -> None:
    model = scripted({"match": "first", "text": "wrong"}, {"match": "second", "text": "right"})
    messages = [HumanMessage("first"), AIMessage("x"), HumanMessage("second"), ToolMessage("first", tool_call_id="1")]
    assert (await model.ainvoke(messages)).content == "right"


async def test_repeat_answers_for_ever() -> None:
    model = scripted({"text": "again", "repeat": True}, {"text": "never"})
    assert [(await model.ainvoke("Hi")).content for _ in range(3)] == ["again"] * 3


async def test_echo_steps_in_where_no_entry_fits() -> None:
    model = scripted({"match": "x", "text": "y"}, echo=True)
    assert (await model.ainvoke("Hello 你好")).content == "Hello 你好"


@pytest.mark.parametrize(("text", "pieces"), [("abcdefg", ["abc", "de", "fg"]), ("ab", ["a", "b", ""])])
async def test_streams_in_pieces(text: str, pieces: list[str]) -> None:
    model = scripted({"text": text, "pieces": 3})
    assert [str(chunk.text) async for chunk in model.astream("Hi")] == [*pieces, ""]


async def test_delay_is_spread_over_the_pieces() -> None:
    model = scripted({"text": "ab", "pieces": 2, "delay": 0.2})
    started = time.monotonic()
    moments = [time.monotonic() - started async for _ in model.astream("Hi")]
    assert moments[0] >= 0.1
    assert moments[1] >= 0.2


async def test_calls_carry_arguments_and_ids() -> None:
    calls = [{"name": "look", "arguments": {"tag": "P-1"}}, {"name": "stop"}]
    answer = await scripted({"text": "I look.", "calls": calls}).ainvoke("Hi")
    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [("look", {"tag": "P-1"}), ("stop", {})]
    assert len({call["id"] for call in answer.tool_calls}) == 2
    assert answer.response_metadata["finish_reason"] == "tool_calls"
    assert answer.content == "I look."


async def test_ids_differ_within_a_conversation() -> None:
    model = scripted({"calls": [{"name": "look"}]}, {"calls": [{"name": "look"}]})
    first = await model.ainvoke("Hi")
    second = await model.ainvoke([HumanMessage("Hi"), first, ToolMessage("7", tool_call_id="1")])
    assert first.tool_calls[0]["id"] != second.tool_calls[0]["id"]


@pytest.mark.parametrize(("data", "said"), [(None, "null"), ({"a": [1, "二"]}, '{"a": [1, "二"]}'), (3, "3")])
async def test_data_is_said_as_json(data: object, said: str) -> None:
    assert (await scripted({"data": data}).ainvoke("Hi")).content == said


async def test_errors_are_raised() -> None:
    model = scripted({"error": {"code": "BG825", "message": "No."}}, {"error": {}})
    with pytest.raises(ModelRefused, match=r"No\."):
        await model.ainvoke("Hi")
    with pytest.raises(ModelUnavailable):
        await model.ainvoke("Hi")


async def test_an_error_may_come_after_some_text() -> None:
    stream = scripted({"text": "Hel", "error": {"code": "BG827"}}).astream("Hi")
    assert str((await anext(stream)).text) == "Hel"
    with pytest.raises(ModelInterrupted):
        await anext(stream)


@pytest.mark.parametrize(
    "entry", [{}, {"text": "a", "data": 1}, {"match": "/(/", "text": "a"}, {"error": {"code": "BG1"}}, {"txt": "a"}]
)
def test_wrong_entries_are_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        scripted(entry)


async def test_equal_calls_get_equal_answers() -> None:
    entries: list[dict[str, Any]] = [{"text": "a", "calls": [{"name": "look"}]}, {"data": [1]}]
    first, second = scripted(*entries), scripted(*entries)
    for _ in entries:
        one, two = await first.ainvoke("Hi"), await second.ainvoke("Hi")
        assert (one.content, one.tool_calls, one.usage_metadata) == (two.content, two.tool_calls, two.usage_metadata)


def test_invoke_and_batch_work_without_an_event_loop() -> None:
    model = scripted(echo=True)
    assert model.invoke("Hi").content == "Hi"
    assert [answer.content for answer in model.batch(["a", "b"])] == ["a", "b"]


async def test_structured_output_reads_a_call() -> None:
    schema = {"title": "Reading", "type": "object", "properties": {"value": {"type": "number"}}}
    model = scripted({"calls": [{"name": "Reading", "arguments": {"value": 7.2}}]})
    assert await model.with_structured_output(schema).ainvoke("Hi") == {"value": 7.2}


async def test_cancelling_stops_it() -> None:
    task = asyncio.create_task(scripted({"text": "a", "delay": 60}).ainvoke("Hi"))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
