"""Puts a hub together: deployments, the models of each kind, secrets and the network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from .deployments import Deployment
from .endpoint import Endpoint
from .errors import ModelNotConfigured
from .kinds import load_catalogue
from .local.chat import LocalChat
from .local.weights import Weights
from .model import StreamingChat
from .remote import Connect, RemoteChat, plain_client
from .router import Router
from .script import Script
from .scripted import ScriptedChat

__all__ = ["Builder", "Secrets", "open_hub", "scripted_hub"]

Secrets: TypeAlias = Callable[[str], Awaitable[str | None]]
"""Gives the value of a secret by its name, or None; asked at the moment of a call."""


async def _no_secrets(name: str) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Builder:
    """Makes the chat model of a deployment.

    Args:
        secrets: Where API keys come from.
        offline: Refuse servers that are not on this machine.
        connect: Makes the HTTP client of a remote deployment.
    """

    secrets: Secrets = _no_secrets
    offline: bool = False
    connect: Connect = plain_client

    def __call__(self, deployment: Deployment) -> StreamingChat:
        """Make the model.

        Raises:
            ModelNotConfigured: The deployment cannot be used on this machine.
        """
        match deployment.options:
            case Script() as script:
                return ScriptedChat(name=deployment.id, script=script)
            case Endpoint() as endpoint:
                return self._remote(deployment.id, endpoint)
            case Weights() as weights:
                return LocalChat(name=deployment.id, weights=weights, context=deployment.context)
            case _:
                raise ModelNotConfigured(f"Nobody can build {deployment.kind!r} models.", where=deployment.id)

    def _remote(self, name: str, endpoint: Endpoint) -> RemoteChat:
        if self.offline and not endpoint.local:
            raise ModelNotConfigured(
                "The setting BAIGONG_OFFLINE refuses servers that are not on this machine.",
                where=name,
                fix="Switch it off, or choose a local model.",
            )
        secret = endpoint.key
        return RemoteChat(
            name=name,
            endpoint=endpoint,
            key=lambda: self.secrets(secret or ""),
            connect=self.connect,
        )


def open_hub(
    file: Path, *, secrets: Secrets = _no_secrets, offline: bool = False, connect: Connect = plain_client
) -> Router:
    """Return the hub of a `models.yaml`, which need not exist.

    Raises:
        ModelsFileInvalid: The file cannot be used.
    """
    catalogue = load_catalogue(file)
    builder = Builder(secrets=secrets, offline=offline, connect=connect)
    return Router(catalogue.deployments, builder, routing=catalogue.routing)


def scripted_hub(
    entries: Iterable[Mapping[str, Any]] = (), *, echo: bool = False, name: str = "scripted/demo"
) -> Router:
    """Return a hub with one scripted deployment, for tests and demonstrations.

    Args:
        entries: Answers, as in a script.
        echo: Answer with the last user message where no entry fits.
        name: The deployment's id.

    Raises:
        ValidationError: An entry is wrong.
    """
    script = Script.model_validate({"script": [dict(entry) for entry in entries], "echo": echo})
    return Router([Deployment(id=name, options=script)], Builder())
