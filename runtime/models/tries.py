"""One call on its way through the deployments: who was asked, what became of it, what was shown and what was spent."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from agents.context import ModelReply, ModelRequest
from agents.spec.document import ModelNeed

from ..base.errors import Json
from .errors import ModelError, ModelNotConfigured, ModelResting, ModelsFailed
from .health import SOON, Refusal
from .ports import Caller, Delta
from .selection import Selection

__all__ = ["Screen", "Tries"]


@dataclass(slots=True)
class Screen:
    """Passes an answer's text on, and remembers whether it did."""

    on_delta: Delta | None
    shown: bool = False

    def show(self, text: str) -> None:
        """Show a piece of text."""
        if text and self.on_delta:
            self.shown = True
            self.on_delta(text)


@dataclass(slots=True)
class Tries:
    """The deployments that one call has asked so far, and what those that did not give the answer have used up.

    Args:
        id: The decision's id.
        request: What is asked.
        need: What the app requires of the model.
        selection: Who may be asked.
        caller: Who calls.
        screen: Where text is shown.
    """

    id: str
    request: ModelRequest
    need: ModelNeed
    selection: Selection
    caller: Caller
    screen: Screen
    failed: list[tuple[str, ModelError]] = field(default_factory=list[tuple[str, ModelError]])
    wasted: dict[str, float] = field(default_factory=dict[str, float])
    attempts: list[dict[str, Json]] = field(default_factory=list[dict[str, Json]])
    resting: dict[str, Refusal] = field(default_factory=dict[str, Refusal])
    draft: tuple[str, ModelReply] | None = None
    vector: Sequence[float] | None = None
    cached: Literal["cached", "similar"] | None = None
    similarity: float | None = None
    begun: float = field(default_factory=time.monotonic)

    @property
    def last(self) -> str | None:
        """Who was asked last and did not answer."""
        return self.failed[-1][0] if self.failed else None

    def waste(self, usage: Mapping[str, Json]) -> None:
        """Count what was used up for nothing."""
        for kind, amount in usage.items():
            if isinstance(amount, int | float):
                self.wasted[kind] = self.wasted.get(kind, 0) + amount

    def fail(self, name: str, error: ModelError) -> None:
        """Note that a deployment did not answer."""
        self.failed.append((name, error))
        self.attempts.append({"deployment": name, "code": error.code, "problem": error.message[:200]})

    def doubt(self, name: str, reply: ModelReply, reason: str) -> None:
        """Keep an answer that is not trusted as a draft."""
        self.draft = (name, reply)
        self.waste(reply.usage)
        self.attempts.append({"deployment": name, "doubt": reason, "confidence": reply.confidence})

    def undo_waste(self, usage: Mapping[str, Json]) -> None:
        """Take back what was not for nothing after all."""
        for kind, amount in usage.items():
            if isinstance(amount, int | float):
                self.wasted[kind] = self.wasted.get(kind, 0) - amount

    def decision(self, deployment: str | None) -> dict[str, Json]:
        """Return what was decided, and why."""
        reason = self.selection.reason
        if self.cached:
            reason = self.cached
        elif deployment and self.attempts:
            reason = "escalated" if self.draft and self.draft[0] != deployment else "fallback"
        if not self.cached and deployment and self.draft and self.draft[0] == deployment:
            reason = "draft"
        over: dict[str, Json] = {name: dict(why) for name, why in self.selection.passed_over.items()}
        over |= {name: refusal.to_json() for name, refusal in self.resting.items()}
        made: dict[str, Json] = {
            "id": self.id,
            "policy": self.selection.policy,
            "reason": reason,
            "deployment": deployment,
        }
        if self.similarity is not None:
            made["similarity"] = round(self.similarity, 4)
        if over:
            made["passed_over"] = over
        if self.attempts:
            made["attempts"] = [*self.attempts]
        return made

    def listed(self) -> dict[str, Json]:
        """Return the failures as details of an error."""
        return {"attempts": [{"deployment": name, **error.to_json()} for name, error in self.failed]}

    def pause(self, longest: float) -> float:
        """Return the seconds until somebody may be asked, where all were passed over.

        Args:
            longest: The seconds that are waited at most.

        Raises:
            ModelResting: It takes longer.
        """
        waits = {name: refusal.seconds for name, refusal in self.resting.items()}
        soonest = max(SOON, min(waits.values()))
        if soonest <= longest and not all(refusal.reason in ("open", "probing") for refusal in self.resting.values()):
            return soonest
        shown = "; ".join(f"{name} ({self.resting[name].reason}) for {wait:.0f} s" for name, wait in waits.items())
        raise ModelResting(
            f"No deployment may be asked now: {shown}.",
            where=self.request.model,
            fix="Try again later; `baigong models list` shows why.",
            details={"retry_after": round(soonest, 1)},
        )

    def failure(self) -> ModelError:
        """Return the one error for all attempts: a single attempt's own one, else one that lists them."""
        if len(self.failed) == 1:
            return self.failed[0][1]
        retryable = any(error.retryable for _, error in self.failed)
        said = "; ".join(f"{name}: {error.code} {error.message}" for name, error in self.failed)
        failure = ModelsFailed if retryable else ModelNotConfigured
        made = failure(f"No deployment could answer. {said}", where=self.request.model, details=self.listed())
        made.__cause__ = self.failed[-1][1]
        return made
