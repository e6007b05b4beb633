"""Tool calls of a model that is too small to make them by itself.

A model of 135 million parameters knows JSON, but writes calls that are no calls. So it is helped: the tool is the one
whose description means what the user says (sentence embeddings), and the model is asked only where two of them are
equally near; arguments are values that stand in the user's text, each judged by what speaks for it (`helped`); the
model writes only those that the text does not offer, by a grammar. Every call fits its schema.

It reads the last message of the user. The weights are learned from English, and so is the embedder it needs.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from ..base.errors import Json
from .embedding import Embedder
from .errors import ModelOutputInvalid
from .helped.choice import APT, combine, described, doubtful, nearness, question
from .helped.filling import fill
from .helped.parameters import Rules, prepare, read, rest
from .helped.vectors import Vectors
from .helped.words import spoken
from .local.exchange import Delta, Event, Request, Scores
from .local.toolschema import Tool
from .local.turns import ANYBODY, Caller

__all__ = ["Backend", "Call", "Helper"]

MAX_TOKENS: Final = 256
"""The longest arguments that the model writes by itself."""

Plain = Mapping[str, Json]


class Backend(Protocol):
    """What is needed of `local.backend.LocalModel`."""

    def generate(self, request: Request, caller: Caller = ANYBODY) -> AsyncGenerator[Event, None]:
        """Yield the answer's events."""
        ...

    async def score(self, messages: Sequence[Plain], labels: Sequence[str], caller: Caller = ANYBODY) -> Scores:
        """Return how likely each label is as the whole answer."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A call of a tool.

    Args:
        tool: Its name.
        arguments: They fit its schema.
        scores: How well each tool fits the request, by name.
        written: The parameters that the model wrote; the others stand in the user's text or are defaults.
    """

    tool: str
    arguments: Mapping[str, Json]
    scores: Mapping[str, float]
    written: tuple[str, ...] = ()


class Helper:
    """Makes the tool calls of one model.

    Args:
        backend: The model.
        embedder: What embeds requests and tools.
    """

    def __init__(self, backend: Backend, embedder: Embedder) -> None:
        self._backend = backend
        self._vectors = Vectors(embedder)

    async def call(
        self, messages: Sequence[Plain], tools: Sequence[Tool], *, must: bool = True, lane: str = ""
    ) -> Call | None:
        """Return the call that the last message of the user asks for.

        Args:
            messages: The conversation, as `role` and `content`.
            tools: At least one.
            must: Whether a tool must be called; None is returned only where not, and no tool is apt.
            lane: Whose call it is; lanes take turns.

        Raises:
            ModelError: There is no call: a model failed, or a schema asks for what no grammar can say.
        """
        text = _asked(messages)
        scores, nearest = await self._choose(text, tools, lane)
        if not must and nearest < APT:
            return None
        name = max(scores, key=lambda one: scores[one])
        function = next(tool["function"] for tool in tools if tool["function"]["name"] == name)
        arguments, written = await self._arguments(text, function, lane)
        return Call(tool=name, arguments=arguments, scores=scores, written=written)

    async def _choose(self, text: str, tools: Sequence[Tool], lane: str) -> tuple[dict[str, float], float]:
        """Return the tools' scores, and how near the nearest one is."""
        vectors = await self._vectors.of([text, *(view for tool in tools for view in described(tool))], lane=lane)
        near = nearness(text, tools, vectors)
        names = doubtful(near)
        likelihood = dict[str, float]()
        if len(names) > 1:
            asked = [tool for tool in tools if tool["function"]["name"] in names]
            found = await self._backend.score(question(text, asked), names, Caller(lane))
            likelihood = dict(zip(names, found.logprobs, strict=True))
        return combine(near, likelihood), max(near.values())

    async def _arguments(
        self, text: str, function: Mapping[str, Any], lane: str
    ) -> tuple[dict[str, Json], tuple[str, ...]]:
        schema = cast("Mapping[str, Any]", function.get("parameters") or {"type": "object", "properties": {}})
        parameters = read(schema)
        reading = await prepare(text, function, parameters, self._vectors, lane=lane)
        rules = Rules(schema)
        filled = fill(reading, parameters, rules.allow)
        arguments = {name: one.value for name, one in filled.items() if not one.omitted}
        for parameter in parameters:
            default = parameter.schema.get("default")
            if parameter.needed and parameter.name not in arguments and rules.allow(parameter.name, default):
                arguments[parameter.name] = default
        missing = [one.name for one in parameters if one.needed and one.name not in arguments]
        if missing:
            arguments |= await self._write(text, function, missing, lane)
        if broken := rules.broken(arguments):
            raise ModelOutputInvalid(
                f"No arguments were found that fit the schema of {function['name']!r}: {broken[0]}"
            )
        ordered = {one.name: arguments[one.name] for one in parameters if one.name in arguments}
        return ordered, tuple(missing)

    async def _write(self, text: str, function: Mapping[str, Any], names: Sequence[str], lane: str) -> dict[str, Json]:
        """Let the model write the arguments that the text does not offer."""
        schema = cast("Mapping[str, Any]", function["parameters"])
        lines = [f"- {name}: {schema['properties'][name].get('description') or spoken(name)}" for name in names]
        asked = f"{function.get('description') or function['name']}\n" + "\n".join(lines)
        messages: list[Plain] = [
            {"role": "system", "content": "Fill in the parameters from the request. Answer with JSON."},
            {"role": "user", "content": f"{asked}\n\nRequest: {text}"},
        ]
        request = Request(messages=messages, schema=rest(schema, names), max_tokens=MAX_TOKENS)
        said = list[str]()
        async with aclosing(self._backend.generate(request, Caller(lane))) as events:
            async for event in events:
                said += [event.text] if isinstance(event, Delta) else []
        return cast("dict[str, Json]", json.loads("".join(said)))


def _asked(messages: Sequence[Plain]) -> str:
    """Return the last message of the user."""
    return next((str(one["content"]) for one in reversed(messages) if one["role"] == "user"), "")
