"""Workers that share a database and are killed while others go on lose nothing and do nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("options", [(), ("--queue",)])
def test_forty_kills_among_three_workers_lose_nothing(options: tuple[str, ...]) -> None:
    if not [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    words = [sys.executable, "-m", "tests.faults.crew", "--kills", "40", *options]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=380, check=False)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["problems"] == [], report["seed"]
    assert report["kills"] >= 40
    assert report["jobs"] > 40
