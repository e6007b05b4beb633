"""The router: which deployment answers a request, and which one when that one cannot.

`selection` says who may be asked and in which order; `health` who is to be left alone. The next one is asked when one
is unavailable, too slow or not usable as it is set up, as long as nothing of an answer has been shown to anybody; an
answer that is wrong, and a request that was refused, are final, but for the first answer of a cascade (`cascade`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, aclosing
from typing import Final, Protocol, cast

from langchain_core.messages import AIMessageChunk

from agents.context import ModelReply, ModelRequest
from agents.spec.document import ModelNeed
from agents.spec.resources import ModelInfo

from ..base.ids import new_id
from .answers import Answers
from .cascade import doubt, with_draft
from .chat import to_messages, to_options, to_reply, to_usage
from .deployments import Deployment
from .errors import (
    DecisionUnknown,
    ModelError,
    ModelNotConfigured,
    ModelOutputInvalid,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)
from .fleet import Fleet
from .learned import Learner, outcomes_of
from .ports import Caller, Delta, ModelAnswer, Offer
from .selection import Candidate, Demand, Selection, said, select
from .similar import Similar
from .tries import Screen, Tries

__all__ = ["Recorder", "Router"]

NEXT = (ModelUnavailable, ModelTimeout, ModelNotConfigured)
PATIENCE: Final = 30.0
"""Seconds that a call waits for a place where nobody else can be asked."""
BACKGROUND_PATIENCE: Final = 3600.0
NOBODY: Final = Caller()


class Recorder(Protocol):
    """Keeps what was decided and what became of it."""

    def record(self, tries: Tries, answer: ModelAnswer | None, error: ModelError | None, seconds: float) -> None:
        """Keep a call that is over; must not fail."""
        ...

    async def rate(self, workspace: str, decision: str, score: float) -> None:
        """Say how good the answer was, from 0 to 1.

        Raises:
            DecisionUnknown: There was no such call in the workspace.
        """
        ...


class Router:
    """A `ModelHub` over deployments.

    Args:
        fleet: The deployments.
        recorder: Keeps decisions.
        learner: Expects outcomes, for the policy `learned`.
        answers: Keeps answers.
        similar: Keeps answers for similar questions.
    """

    def __init__(
        self,
        fleet: Fleet,
        *,
        recorder: Recorder | None = None,
        learner: Learner | None = None,
        answers: Answers | None = None,
        similar: Similar | None = None,
    ) -> None:
        self.fleet = fleet
        self._answers = answers
        self._similar = similar
        self._recorder = recorder
        self._learner = learner

    async def call(
        self,
        request: ModelRequest,
        need: ModelNeed,
        *,
        only: Collection[str] | None = None,
        on_delta: Delta | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 see `ModelHub.call`
        caller: Caller | None = None,
    ) -> ModelAnswer:
        """Answer a request by the first deployment that can; see `ModelHub.call`."""
        started = time.monotonic()
        vector, selection = await self._choose(request, need)
        tries = Tries(new_id("dec"), request, need, selection, caller or NOBODY, Screen(on_delta), vector=vector)
        answer: ModelAnswer | None = None
        failure: ModelError | None = None
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                answer = await self._answered(only, tries)
                return answer
        except ModelError as error:
            error.usage = {**tries.wasted}
            failure = error
            raise
        except TimeoutError as error:
            if not limit.expired():
                raise
            late = ModelTimeout(f"No answer came within {timeout:g} s.", where=request.model, details=tries.listed())
            late.usage = {**tries.wasted}
            failure = late
            raise late from error
        finally:
            if answer or failure:
                self._note(tries, answer, failure, time.monotonic() - started)

    def infos(self, need: ModelNeed) -> tuple[ModelInfo, ...]:
        """Return the deployments that fit, preferred ones first."""
        return tuple(
            ModelInfo(id=one.deployment.id, caps=one.deployment.caps, context=one.deployment.context)
            for one in self._select(Demand(), need.model_copy(update={"slo": None})).order
        )

    def offers(self, request: ModelRequest, need: ModelNeed) -> list[Offer]:
        """Return the deployments that can answer a request; see `ModelHub.offers`."""
        selection = self._select(Demand.of(request), need)
        if not selection.order:
            raise self._nobody(request, selection)
        return [Offer(one.deployment.id, {"tokens": float(one.tokens), "usd": one.usd}) for one in selection.order]

    async def close(self) -> None:
        """Close every model that was used."""
        await self.fleet.close()

    async def rate(self, workspace: str, decision: str, score: float) -> None:
        """Say how good the answer to a call was, from 0 to 1.

        Raises:
            DecisionUnknown: There was no such call in the workspace.
        """
        if self._recorder is None:
            raise DecisionUnknown("No decisions are kept.", where=decision)
        await self._recorder.rate(workspace, decision, score)
        if self._learner:
            self._learner.forget()

    def _select(self, demand: Demand, need: ModelNeed, expected: Mapping[str, float] | None = None) -> Selection:
        return select(self.fleet.deployments, demand, need, self.fleet.routing, self.fleet.health, expected)

    async def _choose(self, request: ModelRequest, need: ModelNeed) -> tuple[Sequence[float] | None, Selection]:
        """Return the request's embedding, where one is wanted, and who is asked."""
        routing = self.fleet.routing
        learned = (need.policy or routing.policy) == "learned"
        if self._learner is None or not (learned or routing.learn):
            return None, self._select(Demand.of(request), need)
        vector = await self._learner.embed(request.messages[-1].content if request.messages else "")
        expected = await self._learner.expect(vector) if learned else None
        return vector, self._select(Demand.of(request), need, expected)

    def _note(self, tries: Tries, answer: ModelAnswer | None, failure: ModelError | None, seconds: float) -> None:
        """Record what was decided and what became of it, and learn from it."""
        if self._recorder:
            self._recorder.record(tries, answer, failure, seconds)
        if self._learner and tries.vector is not None:
            asked = answer.deployment if answer else tries.last
            code = failure.code if failure else None
            for outcome in outcomes_of(tries.vector, asked, code, tries.attempts):
                self._learner.learn(outcome)

    async def _answered(self, only: Collection[str] | None, tries: Tries) -> ModelAnswer:
        """Return the answer to a similar question, where that will do, or ask."""
        semantic = self.fleet.cache.semantic
        look = await self._similar.look(tries.request, tries.caller, semantic) if self._similar else None
        if look is None or self._similar is None:
            return await self._first(only, tries)
        tries.similarity = look.similarity if look.entry else None
        if look.reply is not None:
            tries.cached = "similar"
            tries.screen.show(look.reply.text)
            name = look.deployment
            return ModelAnswer(reply=look.reply, deployment=name, wasted=tries.wasted, decision=tries.decision(name))
        answer = await self._first(only, tries)
        await self._similar.learn(look, answer, semantic)
        return answer

    async def _first(self, only: Collection[str] | None, tries: Tries) -> ModelAnswer:
        order = [one for one in tries.selection.order if only is None or one.deployment.id in only]
        if not order:
            raise self._nobody(tries.request, tries.selection)
        patience = BACKGROUND_PATIENCE if tries.caller.background else PATIENCE
        with ExitStack() as hurry:
            while True:
                answer = await self._round(order, tries)
                if answer is not None:
                    return answer
                if tries.draft:
                    return self._settle_for_draft(tries)
                if tries.failed:
                    raise tries.failure()
                pause = tries.pause(patience - (time.monotonic() - tries.begun))
                if not tries.caller.background:
                    self._hurry(order, hurry)
                await asyncio.sleep(pause)

    def _hurry(self, order: list[Candidate], hurry: ExitStack) -> None:
        """Let calls in the background wait until this one is over: somebody waits for it."""
        hurry.close()
        for candidate in order:
            hurry.enter_context(self.fleet.health(candidate.deployment).hurry())

    async def _round(self, order: list[Candidate], tries: Tries) -> ModelAnswer | None:
        """Ask one after the other; return None where none has answered."""
        for place, candidate in enumerate(order):
            name = candidate.deployment.id
            kept = await self._kept(candidate.deployment, tries)
            if kept is not None:
                tries.cached = "cached"
                tries.screen.show(kept.text)
                return ModelAnswer(reply=kept, deployment=name, wasted=tries.wasted, decision=tries.decision(name))
            refusal = self.fleet.health(candidate.deployment).refusal(
                candidate.tokens, background=tries.caller.background
            )
            if refusal is not None:
                tries.resting[name] = refusal
                continue
            tries.resting.pop(name, None)
            here = candidate.deployment.local and tries.selection.policy == "local_first"
            tentative = here and any(not later.deployment.local for later in order[place + 1 :])
            reply = await self._try(candidate, tries, tentative=tentative)
            if reply is not None:
                return ModelAnswer(reply=reply, deployment=name, wasted=tries.wasted, decision=tries.decision(name))
        return None

    async def _kept(self, deployment: Deployment, tries: Tries) -> ModelReply | None:
        """Return what a deployment answered to the same request before."""
        if self._answers is None or not self.fleet.cache.exact or tries.caller.fresh or tries.draft:
            return None
        return await self._answers.get(tries.caller.workspace, deployment, tries.request)

    async def _try(self, candidate: Candidate, tries: Tries, *, tentative: bool) -> ModelReply | None:
        """Ask one deployment; return None where the next one is to be asked."""
        name = candidate.deployment.id
        request = with_draft(tries.request, tries.draft[1]) if tries.draft else tries.request
        screen = Screen(None) if tentative else tries.screen
        try:
            reply = await self._ask(candidate, request, tries, screen, confidence=tentative)
        except (*NEXT, ModelOutputInvalid, ModelRefused) as error:
            final = isinstance(error, ModelOutputInvalid | ModelRefused) and not tentative
            if final or tries.screen.shown:
                raise
            tries.fail(name, error)
            return None
        if tentative:
            reason = doubt(reply, tries.request, self.fleet.routing.confidence)
            if reason is not None:
                tries.doubt(name, reply, reason)
                return None
            tries.screen.show(reply.text)
        if self._answers and self.fleet.cache.exact and not tries.draft:
            hours = self.fleet.cache.hours
            self._answers.put(tries.caller.workspace, candidate.deployment, request, reply, hours)
        return reply

    def _settle_for_draft(self, tries: Tries) -> ModelAnswer:
        """Return the doubted answer, because nobody could give a better one."""
        name, reply = cast("tuple[str, ModelReply]", tries.draft)
        tries.undo_waste(reply.usage)
        tries.screen.show(reply.text)
        return ModelAnswer(reply=reply, deployment=name, wasted=tries.wasted, decision=tries.decision(name))

    async def _ask(
        self, candidate: Candidate, request: ModelRequest, tries: Tries, screen: Screen, *, confidence: bool
    ) -> ModelReply:
        """Stream one deployment's answer, and note how it fares."""
        health, used = self.fleet.health(candidate.deployment), 0.0
        health.begin(candidate.tokens)
        started = time.monotonic()
        try:
            reply, first = await self._stream(candidate.deployment, request, tries, screen, confidence=confidence)
        except ModelError as error:
            health.failed(error)
            raise
        else:
            used = float(cast("int", reply.usage["tokens"]))
            spoken = cast("int", reply.usage["output_tokens"])
            health.succeeded(time.monotonic() - started, first, spoken)
            return reply
        finally:
            health.end(candidate.tokens - used)

    async def _stream(
        self, deployment: Deployment, request: ModelRequest, tries: Tries, screen: Screen, *, confidence: bool
    ) -> tuple[ModelReply, float]:
        """Return an answer, and the seconds until its first piece."""
        started, first = time.monotonic(), 0.0
        options = to_options(request, deployment, confidence=confidence)
        options |= {"lane": tries.caller.principal or tries.caller.workspace, "background": tries.caller.background}
        chunks: list[AIMessageChunk] = []
        # Not through LangChain's own `astream`: nobody listens to its callbacks, and prompts go to nobody else but the
        # deployment, whatever LangSmith's environment variables say.
        answer = self.fleet.chat(deployment).chunks(to_messages(request, deployment), [*request.stop], options)
        try:
            async with aclosing(answer) as stream:
                async for chunk in stream:
                    first = first or time.monotonic() - started
                    message = cast("AIMessageChunk", chunk.message)
                    chunks.append(message)
                    screen.show(str(message.text))
            seconds = time.monotonic() - started
            return to_reply(_whole(chunks), request, deployment, seconds), first
        except BaseException:
            if chunks:
                tries.waste(to_usage(_whole(chunks), request, deployment, time.monotonic() - started))
            raise

    def _nobody(self, request: ModelRequest, selection: Selection) -> ModelNotConfigured:
        wrong = [f"{name} {said(why)}" for name, why in selection.passed_over.items()]
        return ModelNotConfigured(
            f"No deployment fits the model {request.model!r}: {'; '.join(wrong) or 'there is none'}.",
            where=request.model,
            fix="Declare one that does in models.yaml.",
        )


def _whole(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    first, *rest = chunks
    return first + rest if rest else first
