"""Errors of the builder.

BaigongError
└── BuilderError
    ├── RuntimeAway   the runtime does not answer
    ├── Refused       the runtime says no
    └── CanvasMissing the canvas has not been built
"""

from __future__ import annotations

from runtime.base.errors import BaigongError

__all__ = ["BuilderError", "CanvasMissing", "Refused", "RuntimeAway"]


class BuilderError(BaigongError):
    """Base of the errors of the builder's pages."""

    code = "BG980"


class RuntimeAway(BuilderError):
    """The runtime does not answer."""

    code = "BG981"
    status = 502


class Refused(BuilderError):
    """The runtime says no.

    Args:
        answered: HTTP status of its answer.
        message: What is wrong, and what to do about it.
    """

    code = "BG982"
    exit_code = 1
    status = 422

    def __init__(self, answered: int, message: str) -> None:
        super().__init__(message)
        self.answered = answered


class CanvasMissing(BuilderError):
    """The canvas has not been built."""

    code = "BG983"
