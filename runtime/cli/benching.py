"""Measures a model by asking it many times, as a client of the OpenAI-compatible interface."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ..base.errors import BaigongError, Json
from .client import Client

__all__ = ["measure"]

_PROMPT = "Write a short text about pumps, number {}."


async def measure(client: Client, name: str, *, requests: int, parallel: int, tokens: int) -> dict[str, Json]:
    """Return how long answers took and how many tokens a second came.

    Args:
        client: Speaks to the home's server.
        name: The deployment.
        requests: How many answers.
        parallel: How many at a time.
        tokens: The longest answer.
    """
    places = asyncio.Semaphore(parallel)
    seconds: list[float] = []
    spoken: list[int] = []
    problems: list[str] = []

    async def one(number: int) -> None:
        body: dict[str, Json] = {
            "model": name,
            "messages": [{"role": "user", "content": _PROMPT.format(number)}],
            "max_completion_tokens": tokens,
            "temperature": 0,
            "seed": number,
        }
        async with places:
            begun = time.monotonic()
            try:
                answer: dict[str, Any] = await client.post("/openai/v1/chat/completions", body, fresh=True)
            except BaigongError as error:
                problems.append(str(error))
                return
            seconds.append(time.monotonic() - begun)
            spoken.append(int(answer["usage"]["completion_tokens"]))

    begun = time.monotonic()
    await asyncio.gather(*(one(number) for number in range(requests)))
    whole = time.monotonic() - begun
    ordered = sorted(seconds) or [0.0]
    return {
        "id": name,
        "requests": requests,
        "parallel": parallel,
        "failures": len(problems),
        "problem": problems[0] if problems else None,
        "seconds": round(whole, 3),
        "tokens": sum(spoken),
        "tokens_per_s": round(sum(spoken) / whole, 1),
        "median_s": round(ordered[len(ordered) // 2], 3),
        "p95_s": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 3),
    }
