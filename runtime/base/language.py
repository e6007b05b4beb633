"""The two languages that Baigong speaks to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

__all__ = ["Language", "of_locale"]

Language: TypeAlias = Literal["en", "zh"]


def of_locale(environ: Mapping[str, str]) -> Language:
    """Return the language of the locale, by POSIX's order of variables (`LC_ALL`, `LC_MESSAGES`, `LANG`)."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environ[name] for name in names if environ.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"
