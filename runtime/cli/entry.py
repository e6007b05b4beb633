"""The entry point: guard, parse, run one command, turn its outcome into an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

import typer
from typer.main import get_command

from ..base.errors import BaigongError
from .app import app
from .errors import UsageError
from .guard import guard
from .output import report

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    0 ok, 1 the thing asked about is wrong, 2 usage, 3 not found, 4 refused by policy or budget, 5 the host failed,
    6 waits for a person, 130 interrupted.

    Args:
        arguments: The words after `baigong`; those of the process when None. No words show the help.
    """
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        guard()
        return _run(words)
    except BaigongError as error:
        return report(error, as_json=_wants_json(words))
    except Exception as error:  # noqa: BLE001 the outermost edge: any failure becomes exit code 5
        traceback.print_exc()
        return report(_unexpected(error), as_json=_wants_json(words))


def _run(words: list[str]) -> int:
    """Run the command; a number that it gives back is the exit code."""
    try:
        result: object = get_command(app).main(args=words, prog_name="baigong", standalone_mode=False)
    except typer.TyperException as error:
        raise UsageError(error.format_message(), fix=f"Run: {_help_command(error)}") from error
    except typer.Abort:
        return 130
    return result if isinstance(result, int) else 0


def _help_command(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"{getattr(context, 'command_path', 'baigong')} --help"


def _wants_json(words: list[str]) -> bool:
    """Whether `--json` stands among the options; read by hand, since the words may be unparsable."""
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


def _unexpected(error: Exception) -> BaigongError:
    return BaigongError(
        f"Unexpected {type(error).__name__}: {error}.",
        fix="This is a defect of Baigong or of a plugin; please report it with the lines above.",
    )
