from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage

from agents.context import ChatMessage, ModelReply, ModelRequest, ToolCall, ToolOffer
from runtime.models.chat import to_messages, to_options, to_reply
from runtime.models.deployments import Deployment
from runtime.models.errors import ModelOutputInvalid, ModelRefused
from runtime.models.script import Script

DEMO = Deployment(id="scripted/demo", options=Script(), max_tokens=77)


def asks(*messages: ChatMessage, **more: Any) -> ModelRequest:  # noqa: ANN401
    return ModelRequest(model="main", messages=messages or (ChatMessage(role="user", content="Hi"),), **more)


def reply(text: str, *, finish: str = "stop", **request: Any) -> ModelReply:  # noqa: ANN401
    message = AIMessage(text, response_metadata={"finish_reason": finish})
    return to_reply(message, asks(**request), DEMO, 0.5)


def test_a_conversation_keeps_its_calls() -> None:
    call = ToolCall(id="c1", name="look", arguments={"tag": "P-1"})
    request = asks(
        ChatMessage(role="system", content="Be brief."),
        ChatMessage(role="user", content="Hot?"),
        ChatMessage(role="assistant", content="", calls=(call,)),
        ChatMessage(role="tool", content="7.2", call_id="c1"),
    )
    messages = to_messages(request, DEMO)
    assert [message.type for message in messages] == ["system", "human", "ai", "tool"]
    assert isinstance(messages[2], AIMessage)
    assert messages[2].tool_calls[0]["args"] == {"tag": "P-1"}
    assert isinstance(messages[3], ToolMessage)
    assert messages[3].tool_call_id == "c1"


def test_options_hold_what_was_asked() -> None:
    offer = ToolOffer(name="look", description="Read.", schema={"type": "object"})
    assert to_options(asks(), DEMO) == {"temperature": 0.0, "max_tokens": 77}
    options = to_options(asks(tools=(offer,), choices=("a", "b"), max_tokens=5, schema={"type": "array"}), DEMO)
    assert options["tools"][0]["function"] == {"name": "look", "description": "Read.", "parameters": {"type": "object"}}
    assert (options["choices"], options["max_tokens"]) == (["a", "b"], 5)
    assert options["response_format"]["json_schema"]["schema"] == {"type": "array"}


def test_a_reply_has_text_usage_and_finish() -> None:
    assert reply("Hello").text == "Hello"
    assert reply("Hello").usage["seconds"] == 0.5
    assert reply("Hello", finish="length").finish == "length"
    assert reply("Hello", finish="eos").finish == "stop"


def test_a_choice_is_stripped() -> None:
    assert reply(" billing\n", choices=("billing", "repair")).text == "billing"


def test_scores_are_taken_over() -> None:
    message = AIMessage("a", response_metadata={"scores": {"a": 0.9, "b": 0.1}})
    assert to_reply(message, asks(choices=("a", "b")), DEMO, 0.1).scores == {"a": 0.9, "b": 0.1}


@pytest.mark.parametrize("text", ['{"a": 1}', ' {"a": 1}\n', '```json\n{"a": 1}\n```', '```\n{"a": 1}\n```'])
def test_data_is_read(text: str) -> None:
    assert reply(text, schema={"type": "object"}).data == {"a": 1}


@pytest.mark.parametrize(
    "text", ['{"a": 1', 'Here: {"a": 1}', '{"a": NaN}', "", "[1]", '```json\n{"a": 1}', "[" * 100_000]
)
def test_data_is_not_repaired(text: str) -> None:
    with pytest.raises(ModelOutputInvalid):
        reply(text, schema={"type": "object"})


def test_a_cut_answer_says_what_to_do() -> None:
    with pytest.raises(ModelOutputInvalid, match="max_tokens"):
        reply('{"a": 1', schema={"type": "object"}, finish="length")


@pytest.mark.parametrize("schema", [{"type": "nothing"}, {"$ref": "http://127.0.0.1:9/schema.json"}])
def test_a_schema_that_cannot_be_used_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ModelRefused):
        reply("{}", schema=schema)


def test_broken_calls_of_other_models_are_refused() -> None:
    broken = {"type": "invalid_tool_call", "name": "a", "args": "{", "id": "1", "error": None}
    message = AIMessage("", invalid_tool_calls=[broken])
    with pytest.raises(ModelOutputInvalid):
        to_reply(message, asks(), DEMO, 0.1)


def test_calls_come_before_data() -> None:
    message = AIMessage("", tool_calls=[{"type": "tool_call", "id": "1", "name": "look", "args": {"tag": "P-1"}}])
    answer = to_reply(message, asks(schema={"type": "object"}), DEMO, 0.1)
    assert answer.calls == (ToolCall(id="1", name="look", arguments={"tag": "P-1"}),)
    assert (answer.finish, answer.data) == ("tool_calls", None)
