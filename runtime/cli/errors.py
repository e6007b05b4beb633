"""Errors of the command line.

BaigongError
└── CliError
    ├── UsageError      the command line cannot be understood
    ├── ForeignPackage  a package of ours is missing or hidden by another's
    ├── HubAway         a hub of model files cannot be reached, or gives something else
    ├── OwnerAway       the process that owns the home folder does not answer
    └── Answered        the server answered with a problem, whose code this error has
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ..base.errors import BaigongError, Json

__all__ = ["Answered", "CliError", "ForeignPackage", "HubAway", "OwnerAway", "UsageError"]


class CliError(BaigongError):
    """Base of the errors of the command line."""

    code = "BG910"


class UsageError(CliError):
    """The command line cannot be understood."""

    code = "BG911"
    exit_code = 2


class ForeignPackage(CliError):
    """A package of ours is missing or hidden by another distribution's package of the same name."""

    code = "BG912"


class OwnerAway(CliError):
    """The process that owns the home folder does not answer."""

    code = "BG913"


class HubAway(CliError):
    """A hub of model files cannot be reached, or what it gives is not what it promises."""

    code = "BG914"


class Answered(CliError):
    """The server answered with a problem: the same error, under the same code."""

    def __init__(self, problem: Mapping[str, Json]) -> None:
        super().__init__(
            str(problem.get("detail", "")),
            where=cast("str | None", problem.get("where")),
            fix=cast("str | None", problem.get("fix")),
            details=cast("dict[str, Json] | None", problem.get("details")),
        )
        self.code = str(problem.get("code", CliError.code))  # pyright: ignore[reportAttributeAccessIssue]
        code = problem.get("exit_code")
        self.exit_code = code if isinstance(code, int) else 5  # pyright: ignore[reportAttributeAccessIssue]
