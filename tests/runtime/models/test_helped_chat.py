"""The small model with help, through the router as apps reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.context import ChatMessage, ModelRequest, ToolCall, ToolOffer
from agents.spec.document import ModelNeed
from knowledge.embedders.sentence import MiniLM
from runtime.models.assembly import Builder, open_hub
from runtime.models.ports import ModelAnswer
from runtime.models.router import Router

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

WEATHER = ToolOffer(
    name="get_weather",
    description="Get the weather forecast of a city.",
    schema={
        "type": "object",
        "properties": {"city": {"type": "string", "description": "The city"}, "days": {"type": "integer"}},
        "required": ["city"],
    },
)
CONVERT = ToolOffer(
    name="convert_currency",
    description="Convert an amount of money into another currency.",
    schema={
        "type": "object",
        "properties": {"amount": {"type": "number"}, "to": {"enum": ["EUR", "USD", "CNY"]}},
        "required": ["amount", "to"],
    },
)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Router]:
    embedder = MiniLM(threads=1)
    made = open_hub(tmp_path / "nowhere", Builder(sentences=lambda name: embedder))
    yield made
    await made.close()


async def ask(hub: Router, *messages: ChatMessage, choice: str = "required") -> ModelAnswer:
    request = ModelRequest(model="m", messages=messages, tools=(WEATHER, CONVERT), tool_choice=choice, max_tokens=96)
    return await hub.call(request, ModelNeed(prefer=["local/smollm2"]), only=["local/smollm2"])


def user(text: str) -> ChatMessage:
    return ChatMessage(role="user", content=text)


async def test_the_right_tool_gets_the_values_of_the_question(hub: Router) -> None:
    first = (await ask(hub, user("What will the weather be in Chicago for the next 5 days?"))).reply.calls
    assert [(call.name, call.arguments["city"]) for call in first] == [("get_weather", "Chicago")]
    second = (await ask(hub, user("Change 250 dollars into EUR."))).reply.calls
    assert [(call.name, call.arguments) for call in second] == [("convert_currency", {"amount": 250, "to": "EUR"})]


async def test_other_languages_and_answers_of_tools_are_left_to_the_model(hub: Router) -> None:
    chinese = (await ask(hub, user("芝加哥未来五天的天气怎么样？"))).reply.calls
    assert chinese[0].name in ("get_weather", "convert_currency")
    call = ToolCall(id="c1", name="get_weather", arguments={"city": "Chicago"})
    answered = await ask(
        hub,
        user("What will the weather be in Chicago?"),
        ChatMessage(role="assistant", content="", calls=(call,)),
        ChatMessage(role="tool", content="Sunny.", call_id="c1"),
        choice="auto",
    )
    assert answered.reply.text or answered.reply.calls


async def test_without_an_embedder_the_model_decides_alone(tmp_path: Path) -> None:
    alone = open_hub(tmp_path / "nowhere", Builder())
    try:
        calls = (await ask(alone, user("What will the weather be in Chicago?"))).reply.calls
        assert calls[0].name in ("get_weather", "convert_currency")
    finally:
        await alone.close()
