"""What is computed once is not computed again, and nobody can tell by the answer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

from runtime.models.local.backend import LocalModel
from runtime.models.local.exchange import Delta, End, Request, Traced
from runtime.models.local.kept import Kept, State
from runtime.models.local.weights import Weights


def state(*tokens: int) -> State:
    return State(tokens, np.zeros(10, np.uint8))


def held(kept: Kept) -> list[Sequence[int]]:
    return [found.tokens for found in kept]


def test_the_least_recently_used_are_forgotten_first() -> None:
    kept = Kept(limit=30, most=10)
    for number in range(3):
        kept.put(state(number, 7))
    assert kept.find([0, 7, 8])[1] == 2
    kept.put(state(3, 7))
    assert held(kept) == [(2, 7), (0, 7), (3, 7)]
    assert kept.holds([2]) and not kept.holds([1, 7])
    kept.put(state(4, 7))
    assert held(kept) == [(3, 7), (2, 7), (4, 7)]
    assert kept.size == 30


def test_there_are_not_more_than_wanted_and_no_beginnings_of_others() -> None:
    kept = Kept(limit=1000, most=2)
    for tokens in [(1,), (1, 2), (2,), (3,), (3, 4)]:
        kept.put(state(*tokens))
    assert held(kept) == [(2,), (3, 4)]
    assert kept.find([9]) == (None, 0)


async def answer(model: LocalModel, *texts: str) -> tuple[str, list[object], int]:
    """Return the answer to a conversation, its log-probabilities, and how much of the prompt was not computed."""
    said, logprobs, cached = "", list[object](), 0
    messages = [
        {"role": role, "content": text} for role, text in zip(cycle(["user", "assistant"]), texts, strict=False)
    ]
    async for event in model.generate(Request(messages=messages, max_tokens=12, trace=0)):
        match event:
            case Delta(more):
                said += more
            case Traced(tokens):
                logprobs += [token["logprob"] for token in tokens]
            case End(_, usage):
                cached = usage["cached"]
            case _:
                pass
    return said, logprobs, cached


REPORTS = [f"Report {name}. " + " ".join(f"Pump {i} has {i * 7 % 13} bar." for i in range(12)) for name in "ABC"]


async def fresh(path: Path, *texts: str) -> tuple[str, list[object], int]:
    model = LocalModel(path, Weights(), 512)
    try:
        return await answer(model, *texts)
    finally:
        await model.close()


@pytest.mark.slow
@pytest.mark.anyio
async def test_conversations_come_back_and_answer_as_if_they_were_alone(smollm2: Path) -> None:
    alone = [await fresh(smollm2, text) for text in REPORTS]
    model = LocalModel(smollm2, Weights(), 512)
    for least in (0, 100, 100):
        for text, (said, logprobs, _) in zip(REPORTS, alone, strict=True):
            found = await answer(model, text)
            assert found[:2] == (said, logprobs)
            assert found[2] >= least
    await model.close()


@pytest.mark.slow
@pytest.mark.anyio
async def test_what_the_model_said_is_read_again_when_the_conversation_goes_on(smollm2: Path) -> None:
    model = LocalModel(smollm2, Weights(), 512)
    said, _, _ = await answer(model, REPORTS[0])
    turns = (REPORTS[0], said, "Go on.")
    found = await answer(model, *turns)
    await model.close()
    assert found[:2] == (await fresh(smollm2, *turns))[:2]
    assert found[2] > 100


@pytest.mark.slow
@pytest.mark.anyio
async def test_nothing_is_kept_where_nothing_may(smollm2: Path) -> None:
    model = LocalModel(smollm2, Weights(kept_mb=0), 512)
    cached = [(await answer(model, text))[2] for text in (*REPORTS[:2], *REPORTS[:2], REPORTS[1])]
    assert max(cached[:4]) < 40 < 100 < cached[4]
    await model.close()
