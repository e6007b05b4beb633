"""What commands write: one JSON document, or lines for people."""

from __future__ import annotations

import json
import os
import sys
from typing import Literal

import typer

from ..base.errors import BaigongError, Json

__all__ = ["compact", "emit", "paint", "report", "say"]

Colour = Literal["red", "yellow", "green", "cyan"]


def emit(document: Json) -> None:
    """Write the one JSON document of a `--json` command to standard output."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def say(text: str) -> None:
    """Write a line for people to standard output."""
    typer.echo(text)


def compact(value: Json) -> str:
    """Return a value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False)


def paint(text: str, colour: Colour) -> str:
    """Return `text` in bold colour where standard output is a terminal and `NO_COLOR` is empty."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return typer.style(text, fg=colour, bold=True)


def report(error: BaigongError, *, as_json: bool) -> int:
    """Write an error, `{"error": {...}}` or a line on standard error, and return its exit code."""
    if as_json:
        emit({"error": error.to_json()})
    else:
        typer.echo(str(error), err=True)
    return error.exit_code
