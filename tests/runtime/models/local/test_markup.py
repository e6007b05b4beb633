from __future__ import annotations

import json
import random
import re

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from runtime.models.errors import AnswerCut
from runtime.models.local.markup import HERMES, LLAMA, MISTRAL, Called, Markup, detect, read_calls, tool_grammar
from runtime.models.local.options import read_options
from runtime.models.local.telling import Telling

from .test_chat import READ

T1 = '{"name": "read_sensor", "arguments": {"sensor": "T1"}}'
P1 = '{"name": "read_sensor", "arguments": {"sensor": "<tool_call> {"}}'
CALLED = Called("read_sensor", '{"sensor": "T1"}')


@pytest.mark.parametrize(
    ("template", "markup"),
    [
        (None, None),
        ("{{ messages }}", None),
        ("<tool_call>", None),
        ("{% for tool in tools %}<tool_call>", HERMES),
        ("{% for tool in tools %}<tool_call><function=", None),
        ("{% for tool in tools %}[TOOL_CALLS]", MISTRAL),
        ("{% for tool in tools %}[TOOL_CALLS][ARGS]", None),
        ('{% for tool in tools %}{"name": name, "parameters": {}} <|start_header_id|>ipython', LLAMA),
        ("{% for tool in tools %}", None),
    ],
)
def test_the_markup_is_seen_in_the_template(template: str | None, markup: Markup | None) -> None:
    assert detect(template) is markup


@pytest.mark.parametrize(
    ("markup", "answer", "found"),
    [
        (HERMES, "Yes. <tool> {}", ("Yes. <tool> {}", [])),
        (HERMES, f"<tool_call>\n{T1}\n</tool_call>", ("", [CALLED])),
        (HERMES, f"Wait.\n<tool_call>\n{T1}\n</tool_call>\n<tool_call>\n{T1}", ("Wait.\n", [CALLED, CALLED])),
        (HERMES, f"<tool_call>{P1}", ("", [Called("read_sensor", '{"sensor": "<tool_call> {"}')])),
        (MISTRAL, f"[TOOL_CALLS] [{T1}, {T1}]", ("", [CALLED, CALLED])),
        (MISTRAL, "[1, 2]", ("[1, 2]", [])),
        (LLAMA, T1.replace("arguments", "parameters"), ("", [CALLED])),
        (LLAMA, "A set: {1}", ("A set: {1}", [])),
    ],
)
def test_calls_are_read(markup: Markup, answer: str, found: tuple[str, list[Called]]) -> None:
    assert read_calls(markup, answer) == found


@pytest.mark.parametrize(
    ("markup", "answer"),
    [
        (HERMES, "<tool_call>\n"),
        (HERMES, f"<tool_call>\n{T1[:-3]}"),
        (MISTRAL, f"[TOOL_CALLS] [{T1}, {{"),
        (LLAMA, "{"),
    ],
)
def test_half_a_call_is_an_error(markup: Markup, answer: str) -> None:
    with pytest.raises(AnswerCut, match="BG847"):
        read_calls(markup, answer)


@pytest.mark.parametrize("markup", [HERMES, MISTRAL])
def test_text_goes_on_until_a_call_begins(markup: Markup) -> None:
    """The grammar's automaton reads every text, and where the mark ends it is at the calls."""
    ways: dict[str, dict[str, str]] = {}
    others = dict[str, str]()
    for line in tool_grammar(markup, [READ], must=False).text.splitlines():
        if found := re.fullmatch(r"(t\d+) ::= \((.*) \| (\[\^.*\]) t0\)\?", line):
            ways[found[1]] = dict(re.findall(r'"(.)" (t\d+|calls)', found[2]))
            others[found[1]] = found[3]
    chance, calls = random.Random(1), 0  # noqa: S311 no secret
    for _ in range(400):
        text = "".join(chance.choice([markup.start, *markup.start, "x"]) for _ in range(chance.randrange(6)))
        state = "t0"
        for place, letter in enumerate(text):
            follow = ways[state].get(letter)
            assert (follow is None) == bool(re.match(others[state], letter))
            state = follow or "t0"
            if state == "calls":
                assert text.index(markup.start) + len(markup.start) == place + 1
                calls += 1
                break
        else:
            assert markup.start not in text
    assert 0 < calls < 400


def told(markup: Markup, *pieces: str, **options: object) -> tuple[list[str], AIMessage]:
    telling = Telling(read_options({"tools": [READ]} | options, None), markup)
    return [telling.feed(piece) for piece in pieces], telling.end()


def test_text_is_shown_as_it_comes_and_calls_at_the_end() -> None:
    shown, last = told(HERMES, "A <", "b> c", "<tool", "_call>\n", T1, "\n</tool_call>")
    assert ["".join(shown), last.text, len(last.tool_calls)] == ["A <b> c", "", 1]
    assert shown[1] == "<b> c"
    shown, last = told(HERMES, "A <", "tool")
    assert [*shown, last.text] == ["A ", "", "<tool"]
    shown, last = told(LLAMA, "{", T1[1:].replace("arguments", "parameters"))
    assert ("".join(shown), [call["args"] for call in last.tool_calls]) == ("", [{"sensor": "T1"}])
    shown, last = told(LLAMA, "A ", "set {1}")
    assert ("".join(shown), last.text, last.tool_calls) == ("A set {1}", "", [])


def test_a_stop_ends_text_and_what_is_behind_it() -> None:
    shown, last = told(HERMES, "One. ", "Two.", f"<tool_call>{T1}", stop=["Two"])
    assert ("".join(shown), last.text, last.tool_calls) == ("One. ", "", [])


def test_the_conversation_keeps_its_calls() -> None:
    messages: list[BaseMessage] = [
        HumanMessage("T1?"),
        AIMessage("", tool_calls=[{"name": "read_sensor", "args": {"sensor": "T1"}, "id": "call_1"}]),
        ToolMessage("7 K", tool_call_id="call_1", name="read_sensor"),
    ]
    options = read_options({"tools": [READ], "stop": ["x"]}, None)
    request = options.request(messages, HERMES)
    assert (request.markup, request.schema, request.stop, [*request.tools]) == ("hermes", None, (), [READ])
    _, call, result = request.messages
    assert json.dumps(call["tool_calls"]).count('"arguments": {"sensor": "T1"}') == 1
    assert (result["role"], result["content"], result["name"]) == ("tool", "7 K", "read_sensor")
    assert re.fullmatch("[0-9a-f]{9}", str(result["tool_call_id"]))
    assert str(result["tool_call_id"]) in json.dumps(call)
    assert options.request(messages).markup is None
