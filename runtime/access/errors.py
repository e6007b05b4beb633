"""Errors of access.

BaigongError
└── AccessError
    ├── KeyFileExposed   others than its owner may use the key file
    ├── KeyInvalid       a key is not 32 bytes in hexadecimal or base64
    ├── WrongKey         a stored secret was not encrypted with this key
    ├── UnknownSecret    there is no secret of this name in the workspace
    ├── BadSecretName    a name cannot be a secret's
    ├── BadSecretValue   a value cannot be a secret's
    ├── KeyFileUnusable  the key file cannot be read or made
    ├── LinkSpent        a link for signing in is used up, over or unknown
    ├── UnknownKey       there is no API key of this id in the workspace
    └── BadScope         a scope is none of those that exist
"""

from __future__ import annotations

from ..base.errors import BaigongError

__all__ = [
    "AccessError",
    "BadScope",
    "BadSecretName",
    "BadSecretValue",
    "KeyFileExposed",
    "KeyFileUnusable",
    "KeyInvalid",
    "LinkSpent",
    "UnknownKey",
    "UnknownSecret",
    "WrongKey",
]


class AccessError(BaigongError):
    """Base of the errors of access."""

    code = "BG930"


class KeyFileExposed(AccessError):
    """Others than its owner may use the key file."""

    code = "BG931"


class KeyInvalid(AccessError):
    """A key is not 32 bytes in hexadecimal or base64."""

    code = "BG932"
    exit_code = 2


class WrongKey(AccessError):
    """A stored secret was not encrypted with this key, or not under this name."""

    code = "BG933"


class UnknownSecret(AccessError):
    """There is no secret of this name in the workspace."""

    code = "BG934"
    exit_code = 3
    status = 404


class BadSecretName(AccessError):
    """A name cannot be a secret's."""

    code = "BG935"
    exit_code = 2
    status = 422


class BadSecretValue(AccessError):
    """A value cannot be a secret's."""

    code = "BG936"
    exit_code = 2
    status = 422


class KeyFileUnusable(AccessError):
    """The key file cannot be read or made."""

    code = "BG937"


class LinkSpent(AccessError):
    """A link for signing in is used up, over or unknown."""

    code = "BG938"
    exit_code = 4
    status = 401


class UnknownKey(AccessError):
    """There is no API key of this id in the workspace."""

    code = "BG939"
    exit_code = 3
    status = 404


class BadScope(AccessError):
    """A scope is none of those that exist."""

    code = "BG940"
    exit_code = 2
    status = 422
