"""Open questions of a run, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .output import compact

__all__ = ["questions"]


def questions(asks: list[dict[str, Any]], run: str) -> Iterator[str]:
    """Yield the lines of a run's open questions: what is shown, and how each is answered."""
    for ask in asks:
        request: dict[str, Any] = ask["request"]
        yield f"{ask['id']} ({ask['kind']})"
        shown: dict[str, Any] = request.get("shown", {})
        for name, value in shown.items():
            yield f"  {name}: {value if isinstance(value, str) else compact(value)}"
        actions = "|".join(request["actions"])
        form: dict[str, Any] = request.get("form", {})
        fields = "".join(f" --field {name}=…" for name in form)
        yield f"  baigong answer {run} {actions}{fields} --ask {ask['id']}"
