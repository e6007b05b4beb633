"""What the keyword arguments of a call do."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from runtime.models.errors import ModelRefused
from runtime.models.local.chat import LocalChat
from runtime.models.local.options import read_caller, read_options
from runtime.models.local.turns import Caller

from .test_chat import FAULT, READ, form

pytestmark = pytest.mark.anyio

QUESTION: list[BaseMessage] = [HumanMessage("What is a pump?")]


def test_nothing_means_the_usual() -> None:
    found = read_options({"temperature": None, "top_p": None, "seed": None, "logprobs": None}, None)
    assert (found.temperature, found.top_p, found.max_tokens, found.stop) == (0.0, 0.95, 512, [])
    assert found.request([]).trace is None
    assert found.seed != read_options({}, None).seed, "who names no seed wants chance"
    assert read_caller({}) == Caller()
    assert read_caller({"lane": "line 3", "background": True}) == Caller("line 3", background=True)


@pytest.mark.parametrize(
    "wrong", [{"temperature": -1}, {"top_p": 1.5}, {"logprobs": 21}, {"max_tokens": 0}, {"temperature": "hot"}]
)
def test_values_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ModelRefused, match=f"`{next(iter(wrong))}` must lie between"):
        read_options(wrong, None)


@pytest.mark.parametrize("stop", ["\n", ["\n", ""], ["\n"]])
def test_a_stop_cuts_text_and_never_data(stop: object) -> None:
    options = {"stop": stop, "tools": [READ]}
    assert read_options(options, None).cut("one\ntwo") == "one"
    assert read_options(options, ["w"]).cut("one\ntwo") == "one\nt"
    assert read_options(options | {"response_format": form(FAULT)}, None).cut("one\ntwo") == "one\ntwo"
    assert read_options({"stop": stop, "response_format": form(FAULT)}, None).request([]).stop == ()


async def ask(chat: LocalChat, **options: object) -> AIMessage:
    return await chat.bind(**({"max_tokens": 12} | options)).ainvoke(QUESTION)


@pytest.mark.slow
async def test_chance_has_a_seed_and_a_width(chat: LocalChat) -> None:
    likeliest = (await ask(chat)).text
    one, again, other = [(await ask(chat, temperature=1.5, top_p=1, seed=seed)).text for seed in (1, 1, 2)]
    assert one == again != other
    assert (await ask(chat, temperature=1.5, top_p=0, seed=1)).text == likeliest
    assert (await ask(chat, temperature=None)).text == likeliest
    assert likeliest == str((await ask(chat, stop="pump", max_tokens=12)).text) + likeliest[likeliest.index("pump") :]


@pytest.mark.slow
async def test_lanes_and_background_calls_reach_the_queue(chat: LocalChat) -> None:
    done = list[str]()

    async def call(name: str, **options: object) -> None:
        await ask(chat, max_tokens=1, **options)
        done.append(name)

    await asyncio.gather(
        call("first"), call("later", background=True), call("a1", lane="a"), call("a2", lane="a"), call("b", lane="b")
    )
    assert done == ["first", "a1", "b", "a2", "later"]


@pytest.mark.slow
async def test_tokens_have_probabilities_when_they_are_asked_for(chat: LocalChat) -> None:
    plain = await ask(chat)
    said = await ask(chat, logprobs=3, confidence=True)
    assert said.text == plain.text
    assert not {"logprobs", "confidence"} & set(plain.response_metadata)
    tokens = said.response_metadata["logprobs"]
    assert b"".join(bytes(token["bytes"]) for token in tokens).decode() == said.text
    assert len(tokens) == 12
    for token in tokens:
        ranked = [one["logprob"] for one in token["top"]]
        assert len(ranked) == 3 and ranked == sorted(ranked, reverse=True)
        assert sum(map(math.exp, ranked)) <= 1 + 1e-9
        assert token["top"][0]["token"] == token["token"], "the likeliest is taken at temperature 0"
        assert token["top"][0]["logprob"] == token["logprob"] <= 0
    mean = sum(token["logprob"] for token in tokens) / len(tokens)
    assert said.response_metadata["confidence"] == pytest.approx(math.exp(mean))

    # They are the model's own: neither temperature nor a stop changes them.
    hot = await ask(chat, temperature=2.0, top_p=0, logprobs=0, stop=[str(tokens[4]["token"])])
    shown = hot.response_metadata["logprobs"]
    assert [token["logprob"] for token in shown] == [token["logprob"] for token in tokens[: len(shown)]]
    assert 0 < len(shown) <= 4 and all(token["top"] == [] for token in shown)
    assert "".join(token["token"] for token in shown) == hot.text


@pytest.mark.slow
async def test_data_and_calls_have_probabilities_too(chat: LocalChat) -> None:
    data = await ask(chat, response_format=form(FAULT), max_tokens=120, logprobs=0, confidence=True)
    assert "".join(token["token"] for token in data.response_metadata["logprobs"]) == data.text
    call = await ask(chat, tools=[READ], tool_choice="required", confidence=True, max_tokens=60)
    assert call.tool_calls and 0 < call.response_metadata["confidence"] <= 1
    assert "logprobs" not in call.response_metadata
