"""What llama.cpp's parallel sequences give: tokens a second of several answers side by side, against one at a time.

```sh
.venv/bin/python -m benchmarks.parallel --threads 1
```
"""

from __future__ import annotations

import argparse
import time

from runtime.models.local.native import Native, Row
from runtime.models.local.weights import Weights

STEPS = 24
ROUNDS = 3
TEXT = "The pump in the plant runs at 1450 revolutions per minute and its seal is checked every week. "


def speed(native: Native, answers: int) -> float:
    """Return the answers' tokens a second where so many requests are served side by side, the best of three rounds.

    A request is a prompt of 70 tokens, which is computed by itself, and 24 tokens of answer, computed with the others'.
    """
    prompt = native.vocabulary.tokenize(TEXT * 3, special=False)
    last = len(prompt) - 1
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for sequence in range(answers):
            native.keep(sequence, 0)
            native.decode([Row(token, place, sequence, place == last) for place, token in enumerate(prompt)])
        tokens = [5] * answers
        for step in range(STEPS):
            place = len(prompt) + step
            native.decode([Row(tokens[sequence], place, sequence, logits=True) for sequence in range(answers)])
            tokens = [int(native.logits(sequence).argmax()) for sequence in range(answers)]
        best = min(best, time.perf_counter() - begun)
    return STEPS * answers / best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    threads = parser.parse_args().threads
    native = Native(str(Weights().file()), n_ctx=8192, n_batch=512, sequences=8, threads=threads)
    alone = speed(native, 1)
    print(f"{threads} threads; one at a time: {alone:.1f} tokens/s")  # noqa: T201 a benchmark's output
    for answers in (2, 4, 8):
        found = speed(native, answers)
        print(f"{answers} side by side: {found:.1f} tokens/s, {found / alone:.2f} times")  # noqa: T201


if __name__ == "__main__":
    main()
