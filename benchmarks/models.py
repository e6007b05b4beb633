"""What the product adds to a model: the gateway against direct calls, the local model against bare llama-cpp-python."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from runtime.models.local.chat import LocalChat
from runtime.models.local.weights import Weights

from .load import Request, requests_per_second
from .serving import CLIENTS, MODELS, answers, free_port, running

BODY = json.dumps(
    {"model": "remote/fake", "messages": [{"role": "user", "content": "ping"}], "temperature": 1}
).encode()
LITELLM = """\
model_list:
  - model_name: remote/fake
    litellm_params: {{model: openai/fake, api_base: "{url}", api_key: sk-x}}
"""
PROMPT, PREFIX, ANSWER = 1000, 1500, 64


# -- gateway ---------------------------------------------------------------------------------------------------------


@contextmanager
def litellm(python: str | None, url: str, folder: Path) -> Iterator[str | None]:
    """Run LiteLLM's proxy with another Python, if one is named, and yield its address."""
    if python is None:
        yield None
        return
    file, port = folder / "litellm.yaml", free_port()
    file.write_text(LITELLM.format(url=url))
    words = [str(Path(python).parent / "litellm"), "--config", str(file), "--port", str(port), "--host", "127.0.0.1"]
    with (folder / "litellm.log").open("wb") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:  # noqa: S603 named by the user
        try:
            for _ in range(10):
                try:
                    answers(port)
                    break
                except RuntimeError:
                    continue
            yield f"http://127.0.0.1:{port}/v1/chat/completions"
        finally:
            process.terminate()


async def latency(request: Request, count: int) -> list[float]:
    """Return the milliseconds of requests, one after the other on one connection."""
    found: list[float] = []
    reader, writer = await asyncio.open_connection(*request.url.split("/")[2].split(":"))
    wire = request.encode()
    for _ in range(count):
        begun = time.perf_counter()
        writer.write(wire)
        head = await reader.readuntil(b"\r\n\r\n")
        size = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await reader.readexactly(int(size.partition(b":")[2]))
        if not head.startswith(b"HTTP/1.1 200") or b"pong" not in body:
            raise RuntimeError(f"a wrong answer: {(head + body)[:500]!r}")
        found.append((time.perf_counter() - begun) * 1e3)
    writer.close()
    return found


async def gateway(requests: dict[str, Request], *, rounds: int, seconds: float) -> dict[str, Any]:
    """Measure all in turn: medians of milliseconds alone, and requests per second at 16 clients."""
    alone: dict[str, list[float]] = {name: [] for name in requests}
    many: dict[str, list[float]] = {name: [] for name in requests}
    for number in range(rounds + 1):
        for name, request in requests.items():
            milliseconds = await latency(request, 100)
            speed = await requests_per_second(request, clients=CLIENTS, seconds=seconds, expect=b"pong")
            if number:  # the first round only warms up
                alone[name] += milliseconds
                many[name].append(speed)
    found: dict[str, Any] = {
        name: {"ms": round(median(alone[name]), 2), "requests_per_s": round(median(many[name]), 1)} for name in requests
    }
    found["added_ms"] = round(found["product"]["ms"] - found["direct"]["ms"], 2)
    if "litellm" in requests:
        found["times_litellm"] = round(
            median(ours / theirs for ours, theirs in zip(many["product"], many["litellm"], strict=True)), 1
        )
    return found


def measure_gateway(python: str | None, *, rounds: int, seconds: float) -> dict[str, Any]:
    """Start everything and measure."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        home, url = folder / "home", f"http://127.0.0.1:{port}/v1"
        home.mkdir()
        (home / "models.yaml").write_text(MODELS.format(url=url), encoding="utf-8")
        with (
            running("benchmarks.fake_model", str(port)),
            running("benchmarks.product", env={"BAIGONG_HOME": str(home)}, said=True) as line,
            litellm(python, url, folder) as theirs,
        ):
            said = json.loads(line)
            answers(port)
            bearer = {"Authorization": f"Bearer {said['key']}"}
            requests = {
                "direct": Request(url=f"{url}/chat/completions", body=BODY, headers={}),
                "product": Request(url=f"{said['url']}/openai/v1/chat/completions", body=BODY, headers=bearer),
            }
            if theirs:
                requests["litellm"] = Request(url=theirs, body=BODY, headers={"Authorization": "Bearer sk-x"})
            return asyncio.run(gateway(requests, rounds=rounds, seconds=seconds))


# -- local -----------------------------------------------------------------------------------------------------------


def text(tokens: int, seed: int) -> str:
    """Return a text of about so many tokens, whose beginning no other seed has."""
    words = [f"Pump {seed}-{place} runs at {1000 + (seed * 37 + place) % 900} rpm." for place in range(tokens // 15)]
    return " ".join(words)


class Bare:
    """`llama_cpp.Llama` as its documentation uses it.

    Args:
        threads: Compute threads.
    """

    def __init__(self, threads: int) -> None:
        from llama_cpp import Llama

        self._llama = Llama(
            str(Weights().file()), n_ctx=4096, n_threads=threads, n_threads_batch=threads, verbose=False
        )

    def ask(self, prompt: str) -> tuple[float, float]:
        """Return the seconds until the first token, and the tokens a second behind it."""
        self._llama.reset()
        begun, first, count = time.perf_counter(), 0.0, 0
        chunks: Any = self._llama.create_chat_completion(
            [{"role": "user", "content": prompt}], max_tokens=ANSWER, temperature=0.0, stream=True
        )
        for chunk in chunks:
            if chunk["choices"][0]["delta"].get("content"):
                first = first or time.perf_counter()
                count += 1
        return first - begun, (count - 1) / (time.perf_counter() - first)


async def ask(chat: LocalChat, messages: list[BaseMessage]) -> tuple[float, float, str]:
    """Return the seconds until the first token, the tokens a second behind it, and the answer."""
    begun, first, count, said = time.perf_counter(), 0.0, 0, ""
    async with aclosing(chat.chunks(messages, None, {"max_tokens": ANSWER, "temperature": 0.0})) as chunks:
        async for chunk in chunks:
            if chunk.message.text:
                first = first or time.perf_counter()
                count += 1
                said += str(chunk.message.text)
    return first - begun, (count - 1) / (time.perf_counter() - first), said


async def measure_local(pairs: int, threads: int) -> dict[str, Any]:
    """Measure interleaved pairs, and turns of conversations."""
    bare, chat = Bare(threads), LocalChat(name="local/smollm2", weights=Weights(threads=threads), context=4096)
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    turns: list[float] = []
    try:
        for number in range(pairs + 1):
            prompt = text(PROMPT, number)
            asked = (await ask(chat, [HumanMessage(prompt)]))[:2], bare.ask(prompt)
            if number:
                ours.append(asked[0])
                theirs.append(asked[1])
        for number in range(3):
            opening: list[BaseMessage] = [SystemMessage(text(PREFIX, 1000 + number)), HumanMessage("What runs?")]
            first, _, said = await ask(chat, opening)
            second, _, _ = await ask(chat, [*opening, AIMessage(said), HumanMessage("And what else?")])
            turns.append(first / second)
    finally:
        await chat.close()
    return {
        "threads": threads,
        "speed_ratio": round(median(mine[1] / other[1] for mine, other in zip(ours, theirs, strict=True)), 3),
        "first_token_added_ms": round(
            median((mine[0] - other[0]) * 1e3 for mine, other in zip(ours, theirs, strict=True)), 1
        ),
        "first_token_s": {
            "product": round(median(mine[0] for mine in ours), 3),
            "bare": round(median(other[0] for other in theirs), 3),
        },
        "tokens_per_s": {
            "product": round(median(mine[1] for mine in ours), 1),
            "bare": round(median(other[1] for other in theirs), 1),
        },
        "second_turn_times_faster": round(median(turns), 1),
    }


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=3.0)
    options.add_argument("--pairs", type=int, default=15)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--litellm", metavar="PYTHON", help="The Python of an environment that has LiteLLM's proxy.")
    options.add_argument("--only", choices=["gateway", "local"])
    chosen = options.parse_args()
    found: dict[str, Any] = {}
    if chosen.only != "local":
        found["gateway"] = measure_gateway(chosen.litellm, rounds=chosen.rounds, seconds=chosen.seconds)
    if chosen.only != "gateway":
        found["local"] = asyncio.run(measure_local(chosen.pairs, chosen.threads))
    print(json.dumps(found, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
