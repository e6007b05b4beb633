"""The script of a scripted model: what it says to which message."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from .deployments import Options, read_yaml
from .errors import (
    ModelError,
    ModelInterrupted,
    ModelNotConfigured,
    ModelOutputInvalid,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)
from .strict import Strict

__all__ = ["Call", "Entry", "Failure", "Script"]

FAILURES: dict[str, type[ModelError]] = {
    kind.code: kind
    for kind in (ModelNotConfigured, ModelUnavailable, ModelTimeout, ModelRefused, ModelOutputInvalid, ModelInterrupted)
}


class Call(Strict):
    """A tool call that the model asks for."""

    name: str
    arguments: dict[str, Any] = {}


class Failure(Strict):
    """An error that the model raises instead of an answer, by its code."""

    code: str = ModelUnavailable.code
    message: str = "The script says so."

    @field_validator("code")
    @classmethod
    def _known(cls, code: str) -> str:
        if code not in FAILURES:
            raise ValueError(f"must be one of {', '.join(sorted(FAILURES))}")
        return code

    def to_error(self) -> ModelError:
        """Return the error."""
        return FAILURES[self.code](self.message)


class Entry(Strict):
    """One answer.

    Args:
        match: A part of the last user message, or `/…/` around a regular expression; without it every message fits.
        text: The answer.
        data: The answer as data, said as JSON.
        calls: Tool calls; a text may stand beside them.
        error: Raised after the pieces of `text`, if any.
        pieces: In how many pieces the text is streamed.
        delay: Seconds that the whole answer takes, spread evenly over its pieces.
        repeat: Whether the entry answers any number of times, rather than once.
    """

    match: str | None = None
    text: str | None = None
    data: Any = None
    calls: list[Call] = []
    error: Failure | None = None
    pieces: Annotated[int, Field(ge=1)] = 1
    delay: Annotated[float, Field(ge=0, allow_inf_nan=False, strict=False)] = 0.0
    repeat: bool = False

    @field_validator("match")
    @classmethod
    def _compiles(cls, match: str | None) -> str | None:
        if match is not None:
            try:
                _pattern(match)
            except re.error as error:
                raise ValueError(f"is no regular expression: {error}") from error
        return match

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set & {"text", "data", "calls", "error"}:
            raise ValueError("needs one of text, data, calls, error")
        if {"text", "data"} <= self.model_fields_set:
            raise ValueError("has either text or data")
        return self

    def fits(self, message: str) -> bool:
        """Return whether the entry answers `message`."""
        return self.match is None or _pattern(self.match).search(message) is not None


class Script(Options):
    """The options of a scripted deployment.

    Args:
        script: Answers; the first unused one that fits is taken.
        file: A YAML file with a further `script`, beside `models.yaml`.
        echo: Answer with the last user message where no entry fits.
    """

    script: list[Entry] = []
    file: str | None = None
    echo: bool = False

    def within(self, folder: Path) -> Self:
        """Return the script with that of its file behind it.

        Raises:
            ModelsFileInvalid: The file cannot be read.
        """
        if self.file is None:
            return self
        more = read_yaml(folder / self.file, Script)
        return self.model_copy(update={"script": [*self.script, *more.script], "echo": self.echo or more.echo})


def _pattern(match: str) -> re.Pattern[str]:
    is_regex = len(match) > 2 and match.startswith("/") and match.endswith("/")
    return re.compile(match[1:-1] if is_regex else re.escape(match))
