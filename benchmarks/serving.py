"""Requests per second through `/v1` against a bare LangGraph, in alternating rounds of one run."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from .load import Request, requests_per_second

APPS = Path(__file__).parent / "apps"
CLIENTS = 16
MODELS = "models:\n  remote/fake: {{caps: [chat], options: {{url: '{url}', model: fake}}}}\ncache: {{exact: false}}\n"
"""Answers are not kept: the baseline asks the model every time, too."""
EXPECT = {"chat": b"pong", "chain": b"ping.........."}


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(*words: str, env: dict[str, str] | None = None, said: bool = False) -> Iterator[str]:
    """Run a module and end it; yield its first line where it says one."""
    process = subprocess.Popen(  # noqa: S603 our own programs
        [sys.executable, "-m", *words], env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline() if said and process.stdout else ""
    finally:
        process.terminate()
        process.wait(20)


def answers(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nobody listens at {port}")


def store(url: str, key: str, app: str) -> str:
    """Send an app's bundle and return its digest."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/yaml"}
    request = urllib.request.Request(  # noqa: S310 our own server
        f"{url}/v1/bundles", (APPS / f"{app}.yaml").read_bytes(), headers, method="POST"
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 our own server
        return json.loads(answer.read())["digest"]


async def compare(product: Request, bare: Request, expect: bytes, *, rounds: int, seconds: float) -> dict[str, float]:
    """Measure both in turn and return medians and their ratio."""
    measured: dict[str, list[float]] = {"product": [], "bare": []}
    for number in range(rounds + 1):
        for name, request in (("product", product), ("bare", bare)):
            found = await requests_per_second(request, clients=CLIENTS, seconds=seconds, expect=expect)
            if number:  # the first round only warms up
                measured[name].append(found)
    ratio = median(ours / theirs for ours, theirs in zip(measured["product"], measured["bare"], strict=True))
    return {**{name: round(median(values), 1) for name, values in measured.items()}, "ratio": round(ratio, 3)}


def main() -> None:
    """Start everything, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--saver", choices=["group", "sqlite"], default="group", help="The baseline's saver.")
    options.add_argument("--client", choices=["httpx", "aiohttp"], default="httpx", help="The baseline's HTTP client.")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, model, bare = Path(folder) / "home", free_port(), free_port()
        home.mkdir()
        url = f"http://127.0.0.1:{model}/v1"
        (home / "models.yaml").write_text(MODELS.format(url=url), encoding="utf-8")
        with (
            running("benchmarks.fake_model", str(model)),
            running("benchmarks.bare", str(bare), url, folder, chosen.saver, chosen.client),
            running("benchmarks.product", env={"BAIGONG_HOME": str(home)}, said=True) as line,
        ):
            said = json.loads(line)
            answers(model)
            answers(bare)
            found = {}
            for app, expect in EXPECT.items():
                place = f"{said['url']}/v1/bundles/{store(said['url'], said['key'], app)}/runs"
                headers = {"Authorization": f"Bearer {said['key']}", "Prefer": "wait=30"}
                ours = Request(url=place, body=b'{"inputs": {"text": "ping"}}', headers=headers)
                theirs = Request(url=f"http://127.0.0.1:{bare}/{app}", body=b'{"text": "ping"}', headers={})
                found[app] = asyncio.run(compare(ours, theirs, expect, rounds=chosen.rounds, seconds=chosen.seconds))
    chose = {"clients": CLIENTS, "saver": chosen.saver, "client": chosen.client, "rounds": chosen.rounds}
    print(json.dumps({**chose, **found}, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
