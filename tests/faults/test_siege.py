"""Killed workers lose nothing and do nothing twice; without the effect ledger, they do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.base.failpoints import NAMES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]


def siege(*options: str) -> dict[str, Any]:
    """Run a siege in a process of its own, because it forks; its seed is in the test's output."""
    words = [sys.executable, "-m", "tests.faults.siege", *options]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=550, check=False)
    print(done.stderr)  # noqa: T201 the seed
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("point", NAMES)
def test_a_kill_at_each_place_loses_nothing(point: str) -> None:
    report = siege("--kills", "6", "--seed", "5", "--point", point)
    assert report["problems"] == []
    assert report["points"] == {point: 6}


def test_two_hundred_random_kills_lose_nothing() -> None:
    report = siege("--kills", "200")
    assert report["problems"] == [], report["seed"]
    assert report["kills"] == 200
    assert report["jobs"] > 100


def test_without_the_ledger_effects_happen_twice() -> None:
    report = siege("--kills", "40", "--seed", "3", "--no-ledger")
    assert len(report["duplicates"]) >= 5
