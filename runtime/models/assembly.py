"""Puts a hub together: deployments, the models of each kind, secrets and the network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from .answers import Answers
from .deployments import Catalogue, Deployment
from .embedding import Embedder, Reranker
from .endpoint import Endpoint
from .errors import ModelNotConfigured
from .fleet import Fleet
from .helped_chat import HelpedChat
from .kinds import load_catalogue
from .learned import Embed, Learner, Outcome
from .local.chat import LocalChat
from .local.embedder import LocalEmbedder, LocalReranker
from .local.residents import Residents
from .local.weights import Weights
from .model import StreamingChat
from .remote import RemoteChat
from .remote_vectors import RemoteVectors
from .requester import Connect, Requester, plain_client
from .router import Recorder, Router
from .script import Script
from .scripted import ScriptedChat
from .sentences import SentenceOptions, Sentences, Source
from .similar import Similar
from .similar_store import SimilarStore

__all__ = ["Builder", "Secrets", "open_hub", "scripted_hub"]

Secrets: TypeAlias = Callable[[str], Awaitable[str | None]]
"""Gives the value of a secret by its name, or None; asked at the moment of a call."""


def _no_sentences(name: str) -> Any:  # noqa: ANN401 as Source
    raise ModelNotConfigured("There are no sentence embedders here.", where=name)


async def _no_secrets(name: str) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Builder:
    """Makes the chat model of a deployment.

    Args:
        secrets: Where API keys come from.
        offline: Refuse servers that are not on this machine.
        connect: Makes the HTTP client of a remote deployment.
        sentences: Gives sentence embedders.
        unlisted: Load model files whose digest nobody has listed.
        residents: Shares memory out between local models.
    """

    secrets: Secrets = _no_secrets
    offline: bool = False
    connect: Connect = plain_client
    sentences: Source = _no_sentences
    unlisted: bool = True
    residents: Residents | None = None

    def __call__(self, deployment: Deployment) -> StreamingChat:
        """Make the model.

        Raises:
            ModelNotConfigured: The deployment cannot be used on this machine.
        """
        match deployment.options:
            case Script() as script:
                return ScriptedChat(name=deployment.id, script=script)
            case Endpoint() as endpoint:
                return RemoteChat(name=deployment.id, **self._line(deployment.id, endpoint))
            case Weights() as weights:
                chat = LocalChat(name=deployment.id, weights=weights, context=deployment.context, **self._machine)
                return self._helped(chat) if weights.is_helped else chat
            case _:
                raise ModelNotConfigured(f"{deployment.kind!r} models do not chat.", where=deployment.id)

    def _helped(self, chat: LocalChat) -> HelpedChat:
        embedder = Sentences(chat.name or "", self.sentences, SentenceOptions())
        return HelpedChat(name=chat.name, inner=chat, embedder=embedder)

    def embedder(self, deployment: Deployment) -> Embedder:
        """Make what embeds.

        Raises:
            ModelNotConfigured: The deployment cannot embed, or not on this machine.
        """
        match deployment.options:
            case SentenceOptions() as options:
                return Sentences(deployment.id, self.sentences, options)
            case Endpoint() as endpoint:
                return RemoteVectors(deployment.id, **self._line(deployment.id, endpoint))
            case Weights() as weights:
                return LocalEmbedder(deployment.id, weights, deployment.context, **self._machine)
            case _:
                raise ModelNotConfigured(f"{deployment.kind!r} models do not embed.", where=deployment.id)

    def reranker(self, deployment: Deployment) -> Reranker:
        """Make what ranks.

        Raises:
            ModelNotConfigured: The deployment cannot rank, or not on this machine.
        """
        match deployment.options:
            case Endpoint() as endpoint:
                return RemoteVectors(deployment.id, **self._line(deployment.id, endpoint))
            case Weights() as weights:
                return LocalReranker(deployment.id, weights, deployment.context, **self._machine)
            case _:
                raise ModelNotConfigured(f"{deployment.kind!r} models do not rank.", where=deployment.id)

    def requester(self, endpoint: Endpoint) -> Requester:
        """Make what asks a server for something else.

        Raises:
            ModelNotConfigured: The server is not on this machine, and the settings refuse others.
        """
        return Requester(where=endpoint.url, **self._line(endpoint.url, endpoint))

    @property
    def _machine(self) -> dict[str, Any]:
        """What all local models share."""
        return {"allow_unlisted": self.unlisted, "residents": self.residents}

    def _line(self, name: str, endpoint: Endpoint) -> dict[str, Any]:
        """Return what reaches a server."""
        if self.offline and not endpoint.local:
            raise ModelNotConfigured(
                "The setting BAIGONG_OFFLINE refuses servers that are not on this machine.",
                where=name,
                fix="Switch it off, or choose a local model.",
            )
        secret = endpoint.key
        return {"endpoint": endpoint, "key": lambda: self.secrets(secret or ""), "connect": self.connect}


def open_hub(
    file: Path,
    builder: Builder,
    *,
    recorder: Recorder | None = None,
    outcomes: Callable[[], Awaitable[Iterable[Outcome]]] | None = None,
    answers: Answers | None = None,
    similar: SimilarStore | None = None,
) -> Router:
    """Return the hub of a `models.yaml`, which need not exist.

    Args:
        file: The file.
        builder: Makes the models.
        recorder: Keeps decisions.
        outcomes: Gives what was learned before; without it there is no policy `learned`.
        answers: Keeps answers.
        similar: Keeps answers for similar questions.

    Raises:
        ModelsFileInvalid: The file cannot be used.
    """
    fleet = Fleet(load_catalogue(file), builder)
    learner = Learner(_embed(fleet), fleet.routing, outcomes) if outcomes else None
    kept = Similar(similar, _embed(fleet)) if similar else None
    return Router(fleet, recorder=recorder, learner=learner, answers=answers, similar=kept)


def _embed(fleet: Fleet) -> Embed:
    """Return what embeds requests: the first deployment that can."""

    async def embed(text: str) -> Sequence[float]:
        name = next((one.id for one in fleet.deployments if "embed" in one.caps), "")
        return (await fleet.embed(name, [text])).vectors[0]

    return embed


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
    return Router(Fleet(Catalogue(deployments=(Deployment(id=name, options=script),)), Builder()))
