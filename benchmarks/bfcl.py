"""Tool calls of the embedded model on the Berkeley Function Calling Leaderboard: asked plainly, and helped.

Plainly means: the tools as JSON in the system message, an answer at temperature 0, and the first JSON object in it.
Helped means `runtime.models.helping`. Its weights are learned from the even cases of both files (`bfcl_weights`), so
the odd ones are shown too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from jsonschema import Draft202012Validator

from knowledge.embedders.sentence import MiniLM
from runtime.models.embedding import Embedded
from runtime.models.errors import ModelError
from runtime.models.helping import Helper
from runtime.models.local.backend import LocalModel
from runtime.models.local.exchange import Delta, Request
from runtime.models.local.weights import Weights

from .bfcl_cases import FILES, Case, read, right

DATA: Final = "BAIGONG_TEST_DATA"
MAX_TOKENS: Final = 128
"""Twice what the longest right call takes."""
DRAWS: Final = 10_000
PROMPT: Final = """You can call these functions:
{tools}
Answer with a JSON object {{"name": function name, "arguments": {{parameter: value}}}} and nothing else."""

Said: TypeAlias = tuple[str, dict[str, Any]] | None
"""A call: name and arguments."""
Path_: TypeAlias = Callable[[Case], Awaitable[Said]]


@dataclass(frozen=True, slots=True)
class Mark:
    """How a case went."""

    chosen: bool
    valid: bool
    right: bool
    seconds: float


class Sentences:
    """The embedder of the knowledge bases, as `runtime.models.embedding.Embedder`."""

    def __init__(self) -> None:
        self._model = MiniLM(threads=1)

    async def embed(self, texts: Sequence[str], *, lane: str = "", background: bool = False) -> Embedded:
        """Return a vector for each text."""
        found = await asyncio.to_thread(self._model.embed, texts)
        return Embedded(vectors=found.tolist(), tokens=0)

    async def close(self) -> None:
        """Do nothing."""


def plain(model: LocalModel) -> Path_:
    """Return the path without help."""

    async def call(case: Case) -> Said:
        tools = json.dumps([tool["function"] for tool in case.tools], ensure_ascii=False)
        messages = [{"role": "system", "content": PROMPT.format(tools=tools)}, *case.messages]
        text = ""
        async with aclosing(model.generate(Request(messages=messages, max_tokens=MAX_TOKENS))) as events:
            async for event in events:
                text += event.text if isinstance(event, Delta) else ""
                if "}" in text and (said := parse(text)):
                    return said
        return None

    return call


def helped(model: LocalModel) -> Path_:
    """Return the path of the product."""
    helper = Helper(model, Sentences())

    async def call(case: Case) -> Said:
        made = await helper.call(case.messages, case.tools)
        return (made.tool, dict(made.arguments)) if made else None

    return call


def parse(text: str) -> Said:
    """Return the call that the first JSON object of a text is, if it is one."""
    decoder, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        try:
            found, _ = decoder.raw_decode(text, at)
        except ValueError:
            at = text.find("{", at + 1)
            continue
        name, arguments = found.get("name"), found.get("arguments")
        return (name, arguments) if isinstance(name, str) and isinstance(arguments, dict) else None
    return None


async def judge(path: Path_, case: Case) -> Mark:
    """Let a path answer a case."""
    begun = time.perf_counter()
    try:
        said = await path(case)
    except ModelError:
        said = None
    seconds = time.perf_counter() - begun
    if said is None:
        return Mark(chosen=False, valid=False, right=False, seconds=seconds)
    schema = case.schema(said[0])
    valid = schema is not None and Draft202012Validator(schema).is_valid(said[1])
    return Mark(chosen=said[0] == case.tool, valid=valid, right=right(case, *said), seconds=seconds)


def interval(one: Sequence[Mark], other: Sequence[Mark], seed: int) -> dict[str, float]:
    """Return how much more often one path is right, in points, with the paired bootstrap interval of 95 %."""
    pairs = np.array([float(left.right) - float(found.right) for left, found in zip(one, other, strict=True)])
    draw = np.random.default_rng(seed).integers(0, len(pairs), (DRAWS, len(pairs)))
    low, high = np.percentile(pairs[draw].mean(1), (2.5, 97.5))
    return {"points": round(100 * float(pairs.mean()), 1), "from": round(100 * low, 1), "to": round(100 * high, 1)}


def row(marks: Sequence[Mark]) -> dict[str, float]:
    """Return the shares of a path."""

    def share(value: Callable[[Mark], float]) -> float:
        return round(sum(map(value, marks)) / len(marks), 3) if marks else 0.0

    return {
        "cases": len(marks),
        "tool": share(lambda mark: mark.chosen),
        "valid": share(lambda mark: mark.valid),
        "right": share(lambda mark: mark.right),
        "seconds": share(lambda mark: mark.seconds),
    }


async def run(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run both paths on both files."""
    weights = Weights(threads=1)
    model = LocalModel(weights.file(), weights, 4096)
    paths: Mapping[str, Path_] = {"helped": helped(model), "plain": plain(model)}
    most = {"helped": options.limit, "plain": options.plain if options.plain is not None else options.limit}
    marks: dict[str, dict[str, Mark]] = {name: {} for name in paths}
    found: dict[str, Any] = {}
    try:
        for file in FILES:
            cases = read(folder, file)
            random.Random(options.seed).shuffle(cases)  # noqa: S311 which cases, not a secret
            for name, path in paths.items():
                told = {case.name: await judge(path, case) for case in cases[: most[name]]}
                marks[name] |= told
                found[f"{file}, {name}"] = row([*told.values()])
                print(f"{file}, {name}: {found[f'{file}, {name}']}", file=sys.stderr)  # noqa: T201
            odd = [mark for name, mark in marks["helped"].items() if name.startswith(file) and int(name[-1]) % 2]
            found[f"{file}, helped, cases not learned from"] = row(odd)
    finally:
        await model.close()
    both = [name for name in marks["plain"] if name in marks["helped"]]
    for title, names in (("", both), (", cases not learned from", [name for name in both if int(name[-1]) % 2])):
        sides = [[marks[path][name] for name in names] for path in ("helped", "plain")]
        if names:
            gain = interval(sides[0], sides[1], options.seed)
            found[f"more right calls when helped{title}"] = {"cases": len(names), **gain}
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="Cases of each file; all if not given.")
    parser.add_argument("--plain", type=int, help="Cases of each file that are asked plainly too, which is slow.")
    parser.add_argument("--seed", type=int, default=0, help="Which cases, and the draws of the interval.")
    options = parser.parse_args()
    if not (data := os.environ.get(DATA)):
        sys.exit(f"{DATA} is not set: it names the folder of public data sets, with the leaderboard's in `bfcl`.")
    print(json.dumps(asyncio.run(run(Path(data) / "bfcl", options)), indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
