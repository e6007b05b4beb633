"""A local model: a supervised child process, a fair queue before it, and memory that it gives back when it is idle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import cast

from ...base.errors import Json
from ..embedding import Embedded, Ranked
from ..errors import FrameInvalid, ModelTimeout
from .child import Child, Mode
from .exchange import Event, Request, Scores, read_event
from .markup import Markup, detect
from .process import Process
from .residents import Residents
from .turns import ANYBODY, Caller, Turns
from .weights import Weights

__all__ = ["LocalModel"]


class LocalModel:
    """One model file, at most one process. Use it from one event loop.

    Args:
        path: The file.
        weights: How to run it.
        context: Tokens that a prompt and its answer may have together.
        mode: Whether it answers, or embeds and ranks.
        allow_unlisted: Whether a file may be used whose digest nobody has listed.
        residents: The local models that share the machine's memory; None is no budget.
    """

    def __init__(
        self,
        path: Path,
        weights: Weights,
        context: int,
        *,
        mode: Mode = "chat",
        allow_unlisted: bool = True,
        residents: Residents | None = None,
    ) -> None:
        self._weights = weights
        self._limits = weights.limits
        self._turns = Turns(weights.queue)
        self._child = Child(path, weights, context, mode, allow_unlisted=allow_unlisted)
        self._residents = residents
        self._timer: asyncio.TimerHandle | None = None
        self._cleanup: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The process id of the child that lives, if one does."""
        return self._child.process.pid if self._child.process else None

    @property
    def info(self) -> Mapping[str, Json]:
        """What the file says about the model, as far as it has been loaded."""
        return self._child.info

    @property
    def idle(self) -> bool:
        """Whether no call is under way."""
        return not self._turns.busy

    async def generate(self, request: Request, caller: Caller = ANYBODY) -> AsyncGenerator[Event, None]:
        """Yield the answer's events up to its `End`; closing the generator aborts the model.

        Args:
            request: What to answer.
            caller: Whose call it is.

        Raises:
            ModelError: The call failed; a later one may work.
        """
        async with aclosing(self._call(request.to_json(), caller)) as answers:
            async for answer in answers:
                yield read_event(answer)

    async def score(
        self, messages: Sequence[Mapping[str, Json]], labels: Sequence[str], caller: Caller = ANYBODY
    ) -> Scores:
        """Return how likely each label is as the whole answer.

        Raises:
            ModelError: The call failed; a later one may work.
        """
        frame: dict[str, Json] = {"op": "score", "messages": [dict(one) for one in messages], "labels": [*labels]}
        match await self._result(frame, caller):
            case {"logprobs": list(values), "prompt": int(prompt), "labels": int(read)}:
                return Scores(cast("list[float]", values), prompt, read)
            case _:
                raise FrameInvalid("The model's process gave no scores.")

    async def count(self, messages: Sequence[Mapping[str, Json]], caller: Caller = ANYBODY) -> int:
        """Return how many tokens the messages have, with the template around them.

        Raises:
            ModelError: The call failed; a later one may work.
        """
        frame: dict[str, Json] = {"op": "count", "messages": [dict(message) for message in messages]}
        return cast("int", (await self._result(frame, caller))["tokens"])

    async def markup(self) -> Markup | None:
        """Return how the model writes tool calls, if its chat template handles tools.

        Raises:
            ModelFileInvalid: The file is no model.
        """
        return detect((await self._child.header()).chat_template)

    async def embed(self, texts: Sequence[str], first: int = 0, caller: Caller = ANYBODY) -> Embedded:
        """Return a vector of the length 1 for each text; errors call the first one by its number `first`.

        Raises:
            ModelError: The call failed; a later one may work.
        """
        match await self._result({"op": "embed", "texts": [*texts], "first": first}, caller):
            case {"vectors": list(vectors), "tokens": int(tokens)} if len(vectors) == len(texts):
                return Embedded(vectors=cast("list[list[float]]", vectors), tokens=tokens)
            case _:
                raise FrameInvalid("The model's process gave no vectors.")

    async def rerank(self, query: str, documents: Sequence[str], first: int = 0, caller: Caller = ANYBODY) -> Ranked:
        """Return a score for each document; arguments as of `embed`.

        Raises:
            ModelError: The call failed; a later one may work.
        """
        frame: dict[str, Json] = {"op": "rerank", "query": query, "documents": [*documents], "first": first}
        match await self._result(frame, caller):
            case {"scores": list(scores), "tokens": int(tokens)} if len(scores) == len(documents):
                return Ranked(scores=cast("list[float]", scores), tokens=tokens)
            case _:
                raise FrameInvalid("The model's process gave no scores.")

    async def unload(self) -> None:
        """End the child, unless a call is under way; the next call starts another."""
        if self._turns.busy:
            return
        await self._turns.take()
        try:
            await self._end_child()
        finally:
            self._turns.release()

    async def close(self) -> None:
        """End the child."""
        self._stop_timer()
        await self._end_child()
        await asyncio.gather(*self._cleanup, return_exceptions=True)

    async def _result(self, frame: dict[str, Json], caller: Caller) -> dict[str, Json]:
        async with aclosing(self._call(frame, caller)) as answers:
            async for answer in answers:
                if answer.get("type") == "result":
                    return answer
        raise FrameInvalid("The model's process gave no result.")

    async def _call(self, frame: dict[str, Json], caller: Caller) -> AsyncGenerator[dict[str, Json], None]:
        await self._turns.take(caller)
        self._stop_timer()
        process: Process | None = None
        done = False
        try:
            process = await self._ready()
            async with aclosing(self._timed(process, frame)) as answers:
                async for answer in answers:
                    done = answer.get("type") in ("end", "result")
                    yield answer
            done = True
        finally:
            if done:
                self._child.answered()
            if done or process is None or process.death:
                self._release()
            else:  # left early: the next call waits until the child has let go, but the caller does not
                self._later(self._abandon(process))

    async def _timed(self, process: Process, frame: dict[str, Json]) -> AsyncGenerator[dict[str, Json], None]:
        limits, begun, limit = self._limits, time.monotonic(), "first_token"
        async with aclosing(process.call(frame, idle_s=limits.idle)) as answers:
            async for answer in answers:
                limit = limit if answer.get("type") == "progress" else "total"
                allowed = limits.total if limit == "total" else limits.first_token
                late = time.monotonic() - begun > allowed
                yield answer
                if late and answer.get("type") in ("progress", "delta"):
                    said: dict[str, Json] = {"limit": limit}
                    raise ModelTimeout(f"The limit `{limit}` of {allowed:g} s is over.", details=said)

    async def _abandon(self, process: Process) -> None:
        try:
            await process.cancel(self._limits.cancel)
        finally:
            self._release()

    async def _ready(self) -> Process:
        """Return the live process, or start one where there is memory for it."""
        if self._child.process:
            return self._child.process
        await self._child.checked()
        if not self._residents:
            return await self._child.start()
        await self._residents.admit(self, await self._child.need(), self._limits.start)
        try:
            return await self._child.start()
        except BaseException:
            self._residents.leave(self)
            raise

    def _release(self) -> None:
        self._turns.release()
        if self._residents:
            self._residents.use(self)
        if self._weights.unload_s and self.idle and self._child.process:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._weights.unload_s, lambda: self._later(self.unload()))

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _later(self, work: Coroutine[object, object, None]) -> None:
        """Do what nobody waits for, but `close`."""
        task = asyncio.create_task(work)
        self._cleanup.add(task)
        task.add_done_callback(self._cleanup.discard)

    async def _end_child(self) -> None:
        await self._child.close()
        if self._residents:
            self._residents.leave(self)
