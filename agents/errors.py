"""Errors of the app language.

BaigongError
└── AgentError
    ├── BundleError         the bundle cannot be read or written as a whole
    │   └── BundleNotFound  there is no bundle, or no such file in it
    ├── EditInvalid         an edit of a bundle cannot be
    │   └── EditConflict    something else is there than the edit expects
    ├── TypeSyntaxError     a type's text is malformed or names an unknown type
    ├── ValueMismatch       a value does not fit its declared type
    ├── ExpressionError     an expression failed when it was evaluated
    └── NodeError           a node's body failed in a way that its author can act on
        ├── AssertionFailed a condition of an `assert` node does not hold
        └── TooManyItems    a `map` was given more items than it takes
"""

from __future__ import annotations

from runtime.base.errors import BaigongError

__all__ = [
    "AgentError",
    "AssertionFailed",
    "BundleError",
    "BundleNotFound",
    "EditConflict",
    "EditInvalid",
    "ExpressionError",
    "NodeError",
    "TooManyItems",
    "TypeSyntaxError",
    "ValueMismatch",
]


class AgentError(BaigongError):
    """Base of the errors of `agents`."""

    code = "BG700"
    exit_code = 1
    status = 422


class BundleError(AgentError):
    """The bundle cannot be read or written as a whole."""

    code = "BG701"


class BundleNotFound(BundleError):
    """There is no bundle at the path, or no such file in the bundle."""

    code = "BG705"
    exit_code = 3
    status = 404


class EditInvalid(AgentError):
    """An edit of a bundle cannot be."""

    code = "BG706"


class EditConflict(EditInvalid):
    """Something else is there than the edit expects."""

    code = "BG707"
    status = 409


class TypeSyntaxError(AgentError):
    """A type's text is malformed or names an unknown type."""

    code = "BG110"


class ValueMismatch(AgentError):
    """A value does not fit its declared type."""

    code = "BG702"


class ExpressionError(AgentError):
    """An expression failed when it was evaluated."""

    code = "BG703"


class NodeError(AgentError):
    """A node's body failed in a way that its author can act on."""

    code = "BG704"


class AssertionFailed(NodeError):
    """A condition of an `assert` node does not hold."""

    code = "BG708"


class TooManyItems(NodeError):
    """A `map` was given more items than it takes."""

    code = "BG709"
