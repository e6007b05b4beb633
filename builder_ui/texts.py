"""Every text that a visitor reads: one catalogue a language, with the same keys."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

__all__ = ["LANGUAGES", "Language", "texts"]

Language: TypeAlias = Literal["en", "zh"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")


@cache
def texts(language: Language) -> dict[str, str]:
    """Return the catalogue of a language."""
    path = Path(__file__).with_name("catalogue") / f"{language}.json"
    return json.loads(path.read_text(encoding="utf-8"))
