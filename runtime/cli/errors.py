"""Errors of the command line.

BaigongError
└── CliError
    ├── UsageError      the command line cannot be understood
    └── ForeignPackage  a package of ours is missing or hidden by another's
"""

from __future__ import annotations

from ..base.errors import BaigongError

__all__ = ["CliError", "ForeignPackage", "UsageError"]


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
