"""`--set`, `--pin`: values of output ports, as `NODE.PORT=VALUE`, `NODE.PORT=@FILE`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from ..base.errors import Json
from .errors import UsageError

__all__ = ["read_pins", "read_value"]


def read_pins(option: str, given: Iterable[str]) -> dict[str, dict[str, Json]]:
    """Return values by node path and port. A value is JSON, or else a text.

    Args:
        option: The option's name, for messages.
        given: What was written behind it, each time.

    Raises:
        UsageError: A value has no `=`, names no port, or a file that cannot be read.
    """
    pins: dict[str, dict[str, Json]] = {}
    for text in given:
        place, found, value = text.partition("=")
        node, _, port = place.rpartition(".")
        if not found or not node or not port:
            fix = f"Write {option} NODE.PORT=VALUE or {option} NODE.PORT=@FILE."
            raise UsageError(f"{text!r} names no port of a node.", where=option, fix=fix)
        pins.setdefault(node, {})[port] = read_value(option, value)
    return pins


def read_value(option: str, text: str) -> Json:
    """Return a value that is JSON, or else a text; `@FILE` stands for what is in the file.

    Raises:
        UsageError: The file cannot be read.
    """
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise UsageError(f"{text[1:]!r} cannot be read: {reason}.", where=option) from error
    try:
        return cast("Json", json.loads(text))
    except json.JSONDecodeError:
        return text
