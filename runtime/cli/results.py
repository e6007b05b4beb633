"""Outputs of a run for people: plans as numbered steps with their sources, files as paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ..base.errors import Json
from ..base.language import Language

__all__ = ["lines"]

_WIDTH = 160
_SOURCE: dict[Language, str] = {"en": "source", "zh": "来源"}


def lines(outputs: dict[str, Json], artifacts: Path, language: Language) -> Iterator[str]:
    """Yield the lines of all outputs.

    Args:
        outputs: Outputs by name.
        artifacts: The folder of the home's artifacts.
        language: The language of the words between the values.
    """
    for name, value in outputs.items():
        match value:
            case {"id": str(artifact), "name": str(file), "media_type": str(kind)}:
                yield f"{name}: {artifacts / artifact[:2] / artifact}  ({file}, {kind})"
            case [{"title": str()}, *_]:
                yield f"{name}:"
                yield from _steps(value, language)
            case [{"quote": str()}, *_]:
                yield f"{name}: {len(value)}"
            case list() if value:
                yield f"{name}:"
                yield from (f"  - {_short(item)}" for item in value)
            case _:
                yield f"{name}: {value if isinstance(value, str) else _short(value)}"


def _steps(steps: list[Json], language: Language) -> Iterator[str]:
    for number, step in enumerate(steps, start=1):
        if not isinstance(step, dict):
            continue
        yield f"  {number}. {step.get('title')}"
        cited = step.get("citations")
        for citation in cited if isinstance(cited, list) else ():
            if isinstance(citation, dict):
                place = f"{citation.get('document')} {citation.get('start')}–{citation.get('end')}"
                yield f"     [{_SOURCE[language]}: {place}]"


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
