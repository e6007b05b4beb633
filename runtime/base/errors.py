"""The root of every error that Baigong raises on purpose.

A `BaigongError` says what is wrong, where, and how to mend it, under a code that never changes its meaning. Each
package keeps its own tree in its `errors.py`; the tree's classes set `code` and, where it is not 5, `exit_code`.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

__all__ = ["BaigongError", "Json"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A JSON value."""


class BaigongError(Exception):
    """Something that a person or a program can act on.

    Args:
        message: What is wrong, in one sentence, with names in quotes.
        where: The place: a file, a node path, an input name, an address.
        fix: What to do about it.
        details: JSON data for programs; never a secret.
    """

    code: ClassVar[str] = "BG900"
    exit_code: ClassVar[int] = 5
    """The exit code: 1 wrong input, 2 usage, 3 not found, 4 refused, 5 the host failed, 6 waits for a person."""
    status: ClassVar[int] = 500
    """The HTTP status that a server answers with."""
    undone: bool = False
    """Whether it is certain that nothing has come of what was asked for."""

    def __init__(
        self, message: str, *, where: str | None = None, fix: str | None = None, details: dict[str, Json] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.fix = fix
        self.details: dict[str, Json] = details or {}

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        mend = f" {self.fix}" if self.fix else ""
        return f"{self.code}: {self.message}{place}{mend}"

    def to_json(self) -> dict[str, Json]:
        """Return `{code, message, where?, fix?, details?}`."""
        data: dict[str, Json] = {"code": self.code, "message": self.message}
        if self.where:
            data["where"] = self.where
        if self.fix:
            data["fix"] = self.fix
        if self.details:
            data["details"] = self.details
        return data
