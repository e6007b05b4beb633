"""What the engine needs of models."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from agents.context import ModelReply, ModelRequest
from agents.spec.document import ModelNeed
from agents.spec.resources import ModelInfo

from ..base.errors import Json

__all__ = ["Caller", "Delta", "ModelAnswer", "ModelHub", "Offer"]

Delta: TypeAlias = Callable[[str], None]
"""Takes the next piece of an answer's text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who calls a model.

    Args:
        workspace: The workspace whose call it is.
        principal: Who caused it; callers take turns at a local model.
        app: The app, if one calls.
        run: Its run.
        path: The node.
        background: Whether it may wait for calls that somebody waits for.
        fresh: Whether an answer that was kept will not do.
    """

    workspace: str = "main"
    principal: str = ""
    app: str = ""
    run: str = ""
    path: str = ""
    background: bool = False
    fresh: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelAnswer:
    """A reply, the id of the deployment that gave it, and what was used up by those that failed before it.

    `decision` says why that deployment: `{id, policy, reason, deployment, passed_over, attempts}`.
    """

    reply: ModelReply
    deployment: str
    wasted: Mapping[str, float] = field(default_factory=dict[str, float])
    decision: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class Offer:
    """A deployment that can answer a request, and at most how much that takes: `{tokens, usd}`."""

    deployment: str
    amounts: Mapping[str, float]


class ModelHub(Protocol):
    """Every deployment behind one call."""

    async def call(
        self,
        request: ModelRequest,
        need: ModelNeed,
        *,
        only: Collection[str] | None = None,
        on_delta: Delta | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 it spans several deployments and names them when it is over
        caller: Caller | None = None,
    ) -> ModelAnswer:
        """Answer a request by the first deployment that can.

        `reply.usage` is `{tokens, usd, seconds, tool_calls: 0, input_tokens, output_tokens}`. Cancelling the task stops
        the model.

        Args:
            request: What is asked.
            need: What the app requires of the model.
            only: The deployments that may be asked; all unless given.
            on_delta: Is given the text piece by piece. Once it has been given any, no other deployment is tried.
            timeout: Seconds for the whole call, all deployments together; None leaves each deployment its own limits.
            caller: Who calls.

        Raises:
            ModelError: No deployment fits, or none could answer; its `usage` says what that took.
        """
        ...

    def infos(self, need: ModelNeed) -> tuple[ModelInfo, ...]:
        """Return the deployments that have the need's capabilities and context, preferred ones first."""
        ...

    def offers(self, request: ModelRequest, need: ModelNeed) -> Sequence[Offer]:
        """Return the deployments that can answer a request, in the order in which they are asked.

        Raises:
            ModelNotConfigured: No deployment fits.
        """
        ...

    async def close(self) -> None:
        """Close connections and stop what was started."""
        ...
