"""The diagnosis of equipment-doctor on fresh machines of the simulated plant, through the whole app over HTTP."""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import urllib.request
from itertools import cycle, islice

from tools.builtin.machines import machine

from .serving import running

KINDS = ("pump", "motor", "gearbox")
LANGUAGES = ("en", "zh")


def diagnose(said: dict[str, str], equipment: str, language: str) -> str:
    """Run the app and return the fault that it names; a machine that it leaves alone is healthy."""
    body = json.dumps({"inputs": {"equipment": equipment, "language": language}}).encode()
    headers = {
        "Authorization": f"Bearer {said['key']}", "Content-Type": "application/json", "Prefer": "wait=600",
    }  # fmt: skip
    request = urllib.request.Request(  # noqa: S310 our own server
        f"{said['url']}/v1/apps/equipment-doctor/runs", body, headers, method="POST"
    )
    with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310 our own server
        run = json.loads(answer.read())
    if run["status"] != "ended":
        raise RuntimeError(f"{run['run_id']} is {run['status']}: {run['error']}")
    return str(run["outputs"].get("diagnosis", "healthy"))


def main() -> None:
    """Draw machines, run, compare, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=20, help="Machines for each language.")
    count = options.parse_args().count
    draw = random.SystemRandom()
    found: dict[str, object] = {}
    with (
        tempfile.TemporaryDirectory() as home,
        running("benchmarks.product", env={"BAIGONG_HOME": home}, said=True) as line,
    ):
        said = json.loads(line)
        for language in LANGUAGES:
            names = [f"{kind}-{draw.randrange(100_000, 10_000_000)}" for kind in islice(cycle(KINDS), count)]
            told = {name: (machine(name).fault, diagnose(said, name, language)) for name in names}
            wrong = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
            found[language] = {"right": count - len(wrong), "of": count, "wrong": wrong}
    print(json.dumps(found, ensure_ascii=False, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
