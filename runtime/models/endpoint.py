"""Options of a remote deployment: where its server is and how long it may take."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator

from .deployments import Options
from .strict import Strict

__all__ = ["Endpoint", "Limits"]

Seconds: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)]
SecretName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]


class Limits(Strict):
    """Limits of a call in seconds.

    Args:
        connect: Until the connection stands.
        first_token: Until the first token, of each attempt; a pause that the server asks for is waited for no longer.
        idle: Between two tokens; a server's signs of life are none.
        total: For everything, with all attempts.
    """

    connect: Seconds = 10.0
    first_token: Seconds = 60.0
    idle: Seconds = 30.0
    total: Seconds = 600.0


class Endpoint(Options):
    """An OpenAI-compatible chat server.

    Args:
        url: Its base address, up to and with `/v1`.
        model: The model's name there.
        key: Name of the secret with the API key; None sends none.
        limits: Time limits.
        retries: Further attempts while nothing has come: server down, overloaded or limiting the rate.
        body: Keys that are put into every request; null removes one that the server does not know.
    """

    url: str
    model: Annotated[str, Field(min_length=1)]
    key: SecretName | None = None
    limits: Limits = Limits()
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    body: dict[str, Any] = {}

    @field_validator("url")
    @classmethod
    def _is_plain(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must start with http:// or https:// and name a host")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("has neither credentials nor a query; the key is a secret, named under `key`")
        return url.rstrip("/")

    @property
    def local(self) -> bool:
        """Whether the server is on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"
