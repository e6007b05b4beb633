"""Versions of the app language, and the steps that lead an app of an older one to the current one.

An older app is read as what it means now; its text stays as it is until it is formatted or edited. A bundle that a run
has kept is never rewritten, so that its hash still names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

from runtime.base.errors import Json

from .text import Parsed, parse_yaml

__all__ = ["CURRENT", "STEPS", "Step", "parse_app", "upgraded"]

CURRENT: Final = 1

Step: TypeAlias = Callable[[dict[str, Json]], dict[str, Json]]
"""Returns an app's data in the next version; what it is given stays as it is. The key `dsl` is not its business."""

STEPS: Final[dict[int, Step]] = {}
"""By the version that a step starts from. What it does is shown by `tests/agents/spec/golden/`."""


def upgraded(data: Json) -> Json:
    """Return an app's data in the current version, step by step; data of an unknown version stay as they are."""
    while isinstance(data, dict):
        version = data.get("dsl")
        if not isinstance(version, int) or isinstance(version, bool) or version not in STEPS:
            break
        data = {**STEPS[version](data), "dsl": version + 1}
    return data


def parse_app(text: str) -> Parsed:
    """Read the text of an `app.yaml`, whatever version of the language it is written in.

    A key that a step has moved has no place in the text any more.
    """
    parsed = parse_yaml(text)
    return replace(parsed, data=upgraded(parsed.data))
