"""What can be wrong with a text that holds expressions.

These two are signals between the parser and the compiler, which turns them into diagnostics; they never reach a user.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["CheckProblem", "ExpressionSyntaxError", "Kind"]

Kind: TypeAlias = Literal["syntax", "type", "unknown_name", "mixed", "cost", "absent"]


class ExpressionSyntaxError(Exception):
    """The `${…}` of a text are malformed.

    Args:
        message: What is wrong, as a clause.
        offset: Where in `text`, in characters from 0.
        text: The whole text.
    """

    def __init__(self, message: str, offset: int, text: str) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.text = text


class CheckProblem(Exception):
    """An expression does not work.

    Args:
        kind: `syntax`; `type`; `unknown_name` (of a root, field or function); `mixed` (an integer port beside a
            number); `cost` (too long, deep or repetitive); `absent` (an optional leaves the expression).
        message: What is wrong and what to do, as a clause.
        offset: Where in the expression, in characters from 0.
        name: The unknown name.
        known: The names that could have been meant.
    """

    def __init__(
        self, kind: Kind, message: str, offset: int = 0, name: str | None = None, known: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.message = message
        self.offset = offset
        self.name = name
        self.known = known
