"""What goes to the process of a local model and what comes back: requests and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from ...base.errors import Json
from ..errors import FrameInvalid

__all__ = ["MAX_TOKENS", "Delta", "End", "Event", "Progress", "Request", "Scores", "Traced", "read_event"]


MAX_TOKENS: Final = 512
"""The longest answer where nobody sets a limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What to answer.

    Args:
        messages: The conversation, as the chat template wants it.
        schema: JSON Schema of the answer.
        tools: Tools that the chat template is told of, in the form of OpenAI.
        markup: The name of the markup of calls, where there are such tools.
        must: Whether one must be called.
        stop: Texts at which it ends.
        max_tokens: Its limit.
        temperature: 0 takes the likeliest token.
        top_p: Share of the probability that may be chosen from.
        seed: Seed of the choice.
        trace: How many alternatives of each token are wanted beside its log-probability; None wants neither.
    """

    messages: Sequence[Mapping[str, Json]]
    schema: Mapping[str, Json] | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    markup: str | None = None
    must: bool = False
    stop: Sequence[str] = ()
    max_tokens: int = MAX_TOKENS
    temperature: float = 0.0
    top_p: float = 0.95
    seed: int = 0
    trace: int | None = None

    def to_json(self) -> dict[str, Json]:
        """Return the `generate` frame."""
        return {
            "op": "generate",
            "messages": [dict(message) for message in self.messages],
            "schema": None if self.schema is None else dict(self.schema),
            "tools": [dict(tool) for tool in self.tools],
            "markup": self.markup,
            "must": self.must,
            "stop": [*self.stop],
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "seed": self.seed,
            "trace": self.trace,
        }


@dataclass(frozen=True, slots=True)
class Scores:
    """Log-likelihoods of labels, in their order, and the tokens that were read for them."""

    logprobs: Sequence[float]
    prompt: int
    labels: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Prompt tokens computed so far."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Delta:
    """More text."""

    text: str


@dataclass(frozen=True, slots=True)
class Traced:
    """The answer's next tokens: each `{token, bytes, logprob, top: [{token, bytes, logprob}]}`."""

    tokens: Sequence[Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class End:
    """The answer is over: `stop`, `length`, or `closed` (data that was shortened to fit)."""

    reason: str
    usage: Mapping[str, int]
    timings: Mapping[str, float]


Event: TypeAlias = Progress | Delta | Traced | End


def read_event(answer: Mapping[str, Json]) -> Event:
    """Read a frame of an answer.

    Raises:
        FrameInvalid: It is none.
    """
    match answer:
        case {"type": "progress", "done": int(done), "total": int(total)}:
            return Progress(done, total)
        case {"type": "delta", "text": str(text)}:
            return Delta(text)
        case {"type": "trace", "tokens": list(tokens)}:
            return Traced(cast("list[dict[str, Json]]", tokens))
        case {"type": "end", "reason": str(reason), "usage": dict(usage), "timings": dict(timings)}:
            return End(reason, cast("dict[str, int]", usage), cast("dict[str, float]", timings))
        case _:
            raise FrameInvalid(f"The model's process sent an unexpected {answer.get('type')!r}.")
