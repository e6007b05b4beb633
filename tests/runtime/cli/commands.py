"""Commands in the test's own process, which saves the seconds that Python and its libraries take to start."""

from __future__ import annotations

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

from runtime.cli import main

__all__ = ["baigong"]


def baigong(place: Path, *words: str) -> tuple[int, Any]:
    """Run a command in a folder, with the home in it, and return its exit code and what it wrote as JSON."""
    said = io.StringIO()
    home = {"BAIGONG_HOME": str(place / "home")}
    with patch.dict(os.environ, home), contextlib.chdir(place), contextlib.redirect_stdout(said):
        code = main([*words, "--json"])
    return code, json.loads(said.getvalue())
