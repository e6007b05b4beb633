"""Errors of the server.

BaigongError
└── ServerError
    ├── Unauthenticated  there is no credential, or it is unknown, over or revoked
    ├── Forbidden        the credential does not allow this
    ├── NoRoute          nothing is served under this path
    ├── WrongMethod      the path is served, but not with this method
    ├── RequestInvalid   the request is malformed
    ├── RequestTooLarge  the body is larger than the server takes
    ├── ForeignHost      the Host header is none of this server's names
    ├── ForeignOrigin    a page of another origin sent the request
    ├── KeyReused        an idempotency key came again with another request
    ├── ParameterInvalid a parameter of OpenAI's interface is wrong or not supported
    ├── ModelUnknown     there is no model of this name
    ├── ObjectUnknown    there is no response, file or batch of this id
    └── PortBusy         the port is in use
"""

from __future__ import annotations

from ..base.errors import BaigongError

__all__ = [
    "ForeignHost",
    "ForeignOrigin",
    "Forbidden",
    "KeyReused",
    "ModelUnknown",
    "NoRoute",
    "ObjectUnknown",
    "ParameterInvalid",
    "PortBusy",
    "RequestInvalid",
    "RequestTooLarge",
    "ServerError",
    "Unauthenticated",
    "WrongMethod",
]


class ServerError(BaigongError):
    """Base of the errors of the server."""

    code = "BG950"


class Unauthenticated(ServerError):
    """There is no credential, or it is unknown, over or revoked."""

    code = "BG951"
    exit_code = 4
    status = 401


class Forbidden(ServerError):
    """The credential does not allow this."""

    code = "BG952"
    exit_code = 4
    status = 403


class NoRoute(ServerError):
    """Nothing is served under this path."""

    code = "BG953"
    exit_code = 3
    status = 404


class WrongMethod(ServerError):
    """The path is served, but not with this method."""

    code = "BG954"
    exit_code = 2
    status = 405


class RequestInvalid(ServerError):
    """The request is malformed: its JSON, a field, a parameter or a header."""

    code = "BG955"
    exit_code = 2
    status = 422


class RequestTooLarge(ServerError):
    """The body is larger than the server takes."""

    code = "BG956"
    exit_code = 2
    status = 413


class ForeignHost(ServerError):
    """The Host header is none of this server's names."""

    code = "BG957"
    exit_code = 4
    status = 421


class ForeignOrigin(ServerError):
    """A page of another origin sent the request, or a page of ours without the header `X-Baigong`."""

    code = "BG958"
    exit_code = 4
    status = 403


class KeyReused(ServerError):
    """An idempotency key came again with another request."""

    code = "BG959"
    exit_code = 2
    status = 422


class ParameterInvalid(ServerError):
    """A parameter of a request to the OpenAI-compatible interface is wrong, or is not supported here."""

    code = "BG961"
    exit_code = 2
    status = 400


class ModelUnknown(ServerError):
    """There is no model of this name, or it cannot do that."""

    code = "BG962"
    exit_code = 3
    status = 404


class ObjectUnknown(ServerError):
    """There is no response, file or batch of this id in the workspace."""

    code = "BG963"
    exit_code = 3
    status = 404


class PortBusy(ServerError):
    """The port is in use by another program, or may not be used."""

    code = "BG960"
    exit_code = 5
