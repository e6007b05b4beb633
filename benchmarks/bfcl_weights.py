"""Learns what speaks for a value: writes `runtime/models/helped/weights.py` from the even cases of the leaderboard.

For each parameter a softmax over its candidates (conditional logit), with the right ones as the target; of a parameter
without a right candidate nothing is learned.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

import runtime.models.helped.weights as learned
from runtime.models.helped.candidates import candidates, family
from runtime.models.helped.features import Candidate, Parameter
from runtime.models.helped.parameters import prepare, read
from runtime.models.helped.vectors import Vectors

from .bfcl import DATA, Sentences
from .bfcl_cases import FILES, Case, accepted
from .bfcl_cases import read as read_cases

PENALTY: Final = 0.5
"""Of the squared weights."""
LEAST: Final = 0.02
"""Weights below are left out."""
HEAD: Final = '''"""What each feature is worth, by family of parameters: written by `benchmarks.bfcl_weights`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["WEIGHTS"]

WEIGHTS: Final[Mapping[str, Mapping[str, float]]] = {
'''

Example: TypeAlias = tuple[list[Candidate], list[bool]]
"""A parameter's candidates, and which of them are right."""


def good(case: Case, parameter: Parameter, one: Candidate) -> bool:
    """Say whether a candidate is right."""
    values = case.gold.get(parameter.name, [""])
    return "" in values if one.omitted else accepted(one.value, parameter.schema, [v for v in values if v != ""])


async def examples(folder: Path) -> dict[str, list[Example]]:
    """Return the examples of the even cases, by family."""
    vectors, found = Vectors(Sentences()), defaultdict[str, list[Example]](list)
    for case in [case for file in FILES for case in read_cases(folder, file)[::2]]:
        function = next(tool["function"] for tool in case.tools if tool["function"]["name"] == case.tool)
        parameters = read(function["parameters"])
        reading = await prepare(case.messages[-1]["content"], function, parameters, vectors)
        for parameter in parameters:
            offered = candidates(reading, parameter)
            marks = [good(case, parameter, one) for one in offered]
            if family(parameter.schema) and any(marks):
                found[family(parameter.schema)].append((offered, marks))
    return found


def learn(rows: Sequence[Example]) -> dict[str, float]:
    """Return the weights of a family."""
    import torch

    torch.set_num_threads(1)
    names = sorted({name for offered, _ in rows for one in offered for name in one.features})
    features = torch.tensor(np.concatenate([_matrix(offered, names) for offered, _ in rows]))
    marks = torch.tensor([mark for _, all_ in rows for mark in all_])
    sizes = [len(all_) for _, all_ in rows]
    weights = torch.zeros(len(names), dtype=torch.double, requires_grad=True)
    descent = torch.optim.LBFGS([weights], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> Any:  # noqa: ANN401 torch
        descent.zero_grad()
        scores = features @ weights
        rights = scores.masked_fill(~marks, -1e9)
        pairs = zip(scores.split(sizes), rights.split(sizes), strict=True)
        value: Any = sum(all_.logsumexp(0) - right.logsumexp(0) for all_, right in pairs)
        value = value + PENALTY * (weights**2).sum()
        value.backward()
        return value

    descent.step(loss)
    return {name: round(float(value), 2) for name, value in zip(names, weights.detach(), strict=True)}


def _matrix(offered: Sequence[Candidate], names: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[one.features.get(name, 0.0) for name in names] for one in offered])


def main() -> None:
    """Learn and write."""
    if not (data := os.environ.get(DATA)):
        sys.exit(f"{DATA} is not set: it names the folder of public data sets, with the leaderboard's in `bfcl`.")
    found = asyncio.run(examples(Path(data) / "bfcl"))
    lines = [HEAD]
    for kind, rows in sorted(found.items()):
        entries = [f'        "{name}": {value},\n' for name, value in learn(rows).items() if abs(value) >= LEAST]
        lines += [f'    "{kind}": {{\n', *entries, "    },\n"]
    Path(learned.__file__).write_text("".join([*lines, "}\n"]), encoding="utf-8")


if __name__ == "__main__":
    main()
