"""The model that comes with the product, for real: each test that answers loads it, which takes a second or two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage

from agents.context import ChatMessage, ModelRequest
from agents.spec.document import ModelNeed
from runtime.models.assembly import Builder, open_hub
from runtime.models.errors import AnswerCut, ModelError, ModelRefused, PromptTooLong, SchemaUnsupported
from runtime.models.local.chat import LocalChat
from runtime.models.local.weights import Weights

pytestmark = pytest.mark.anyio

QUESTION: list[BaseMessage] = [HumanMessage("What is a pump?")]
FAULT = {
    "type": "object",
    "properties": {
        "fault": {"enum": ["imbalance", "misalignment"]},
        "severity": {"type": "integer", "minimum": 1, "maximum": 5},
        "reason": {"type": "string", "minLength": 10, "maxLength": 200},
    },
    "required": ["fault", "severity", "reason"],
    "additionalProperties": False,
}
READ = {
    "type": "function",
    "function": {
        "name": "read_sensor",
        "description": "Read a sensor.",
        "parameters": {"type": "object", "properties": {"sensor": {"enum": ["T1", "P1"]}}, "required": ["sensor"]},
    },
}


def form(schema: object) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": False}}


async def test_the_hub_needs_no_file_to_answer(tmp_path: Path) -> None:
    hub = open_hub(tmp_path / "nowhere", Builder(offline=True))
    shown: list[str] = []
    request = ModelRequest(model="main", messages=(ChatMessage(role="user", content="What is a pump?"),), max_tokens=16)
    try:
        answer = await hub.call(request, ModelNeed(prefer=["local/any"]), on_delta=shown.append)
    finally:
        await hub.close()
    assert answer.deployment == "local/smollm2"
    assert "".join(shown) == answer.reply.text
    assert "pump" in answer.reply.text
    assert len(shown) > 8
    assert (answer.reply.finish, answer.reply.usage["output_tokens"]) == ("length", 16)


async def test_an_answer_is_data_and_a_choice_has_probabilities(chat: LocalChat) -> None:
    said = await chat.ainvoke([HumanMessage("The pump vibrates. Fault?")], response_format=form(FAULT), max_tokens=120)
    data = json.loads(str(said.text))
    assert set(data) == {"fault", "severity", "reason"}
    assert data["fault"] in ("imbalance", "misalignment") and 1 <= data["severity"] <= 5
    assert said.response_metadata["finish_reason"] == "stop"

    chosen = await chat.ainvoke([HumanMessage("Is a pump a machine? Answer yes or no.")], choices=["no", "yes"])
    scores = chosen.response_metadata["scores"]
    assert chosen.text == "yes" == max(scores, key=lambda choice: scores[choice])
    assert sum(scores.values()) == pytest.approx(1)


@pytest.mark.slow
async def test_data_is_complete_when_the_limit_comes_early(chat: LocalChat) -> None:
    said = await chat.ainvoke([HumanMessage("The pump vibrates. Fault?")], response_format=form(FAULT), max_tokens=80)
    assert set(json.loads(str(said.text))) == {"fault", "severity", "reason"}
    with pytest.raises(AnswerCut, match=r"BG847.*max_tokens"):
        await chat.ainvoke(QUESTION, response_format=form(FAULT), max_tokens=8)
    with pytest.raises(SchemaUnsupported, match="BG845"):
        await chat.ainvoke(QUESTION, response_format=form({"type": "number", "$ref": "https://a.example/"}))


@pytest.mark.slow
async def test_equal_questions_get_equal_answers_whatever_ran_before(chat: LocalChat) -> None:
    first = await chat.ainvoke(QUESTION, max_tokens=24)
    await chat.ainvoke([SystemMessage("Be brief."), HumanMessage("What is a bearing?")], max_tokens=24)
    again = await chat.ainvoke(QUESTION, max_tokens=24)
    assert first.text == again.text
    assert isinstance(again, AIMessage) and again.usage_metadata
    assert again.usage_metadata.get("input_token_details", {}).get("cache_read", 0) > 0


@pytest.mark.slow
async def test_a_tool_is_called_or_an_answer_given(chat: LocalChat) -> None:
    bound = chat.bind_tools([READ], tool_choice="any")
    called = await bound.ainvoke([HumanMessage("What does the sensor T1 say?")])
    assert [(call["name"], set(call["args"])) for call in called.tool_calls] == [("read_sensor", {"sensor"})]
    assert called.tool_calls[0]["args"]["sensor"] in ("T1", "P1")
    pieces = [piece async for piece in chat.bind_tools([READ]).astream(QUESTION, max_tokens=120)]
    whole = AIMessageChunk(content="")
    for piece in pieces:
        assert isinstance(piece, AIMessageChunk)
        whole += piece
    assert bool(whole.tool_calls) != bool(whole.text)
    with pytest.raises(ModelRefused, match="'fly'"):
        await chat.bind_tools([READ], tool_choice="fly").ainvoke(QUESTION)


async def test_tokens_are_counted_and_too_many_refused(chat: LocalChat) -> None:
    short, longer = [await chat.count([HumanMessage(text)]) for text in ("pump", "pump " * 10)]
    assert 0 < short < longer < short + 12
    with pytest.raises(PromptTooLong, match="BG844") as caught:
        await chat.ainvoke("pump " * 2000)
    assert caught.value.details["context"] == 1024
    assert caught.value.where == "local/smollm2"


async def test_what_is_no_text_is_refused_without_a_process(chat: LocalChat) -> None:
    picture = HumanMessage([{"type": "image_url", "image_url": {"url": "data:,"}}])
    with pytest.raises(ModelError, match="reads text only"):
        await chat.ainvoke([picture])
    with pytest.raises(ModelRefused, match="response_format"):
        await chat.ainvoke(QUESTION, response_format={"type": "xml"})
    assert chat.backend.pid is None


@pytest.mark.slow
def test_it_answers_where_there_is_no_event_loop() -> None:
    model = LocalChat(name="local/smollm2", weights=Weights(), context=512)
    assert [len(str(model.invoke("Hi", max_tokens=4).text)) > 0 for _ in range(2)] == [True, True]
