"""Options that many commands share."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from ..base.language import Language

__all__ = ["AsJson", "Lang", "chosen"]

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Write one JSON document and nothing else.")]
Lang: TypeAlias = Annotated[
    Language | None, typer.Option("--lang", help="The language of messages; by default that of the settings.")
]


def chosen(lang: Language | None) -> Language:
    """Return `lang`, or the language of the settings where it is not given.

    Raises:
        SettingsError: A setting has a value that is not accepted.
    """
    if lang:
        return lang
    from ..base.settings import load_settings

    return load_settings().language
