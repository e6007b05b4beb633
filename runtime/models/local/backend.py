"""A local model: a supervised child process, a fair queue before it, and a new child when one has died."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final, cast

from ...base.errors import Json
from ..errors import FrameInvalid, ModelBusy, ModelCrashed, ModelFileInvalid, ModelTimeout
from .exchange import Event, Request, Scores, read_event
from .gguf import digest
from .process import Process
from .turns import ANYBODY, Caller, Turns
from .weights import Weights

__all__ = ["LocalModel"]

CRASHES: Final = 3
"""Deaths within `REST` seconds after which the model rests."""
REST: Final = 60.0
"""Seconds, from the first of them."""


class LocalModel:
    """One model file, at most one process. Use it from one event loop.

    Args:
        path: The file.
        weights: How to run it.
        context: Tokens that a prompt and its answer may have together.
    """

    def __init__(self, path: Path, weights: Weights, context: int) -> None:
        self.path = path
        self._weights = weights
        self._limits = weights.limits
        self._context = context
        self._turns = Turns(weights.queue)
        self._process: Process | None = None
        self._deaths: deque[float] = deque(maxlen=CRASHES)
        self._cleanup: set[asyncio.Task[None]] = set()
        self.info: Mapping[str, Json] = {}

    @property
    def pid(self) -> int | None:
        """The process id of the child that lives, if one does."""
        return self._process.pid if self._process and not self._process.death else None

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

    async def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process:
            await process.close()
        await asyncio.gather(*self._cleanup, return_exceptions=True)

    async def _result(self, frame: dict[str, Json], caller: Caller) -> dict[str, Json]:
        async with aclosing(self._call(frame, caller)) as answers:
            async for answer in answers:
                if answer.get("type") == "result":
                    return answer
        raise FrameInvalid("The model's process gave no result.")

    async def _call(self, frame: dict[str, Json], caller: Caller) -> AsyncGenerator[dict[str, Json], None]:
        await self._turns.take(caller)
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
            if done or process is None or process.death:
                self._turns.release()
            else:  # left early: the next call waits until the child has let go, but the caller does not
                task = asyncio.create_task(self._abandon(process))
                self._cleanup.add(task)
                task.add_done_callback(self._cleanup.discard)

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
            self._turns.release()

    async def _ready(self) -> Process:
        """Return the live process, or start one."""
        if self._process and not self._process.death:
            return self._process
        if self._process:
            self._deaths.append(time.monotonic())
            await self._process.close()
            self._process = None
        self._rested()
        wanted = self._weights.sha256
        if wanted and await asyncio.to_thread(digest, self.path) != wanted:
            raise ModelFileInvalid(
                "The SHA-256 of the model file is not the one under `options.sha256`.",
                where=str(self.path),
                fix="Get the file again, or correct the digest if you trust the file.",
            )
        self._process = await self._started()
        return self._process

    async def _started(self) -> Process:
        process = await Process.start()
        try:
            async with aclosing(process.call(self._load(), idle_s=self._limits.start)) as answers:
                async for answer in answers:
                    self.info = cast("dict[str, Json]", answer.get("info"))
        except BaseException:
            process.kill(ModelCrashed("The model was not needed any more."))
            await asyncio.shield(process.close())
            raise
        return process

    def _rested(self) -> None:
        if len(self._deaths) < CRASHES:
            return
        wait = self._deaths[0] + REST - time.monotonic()
        if wait > 0:
            raise ModelBusy(
                f"The model's process died {len(self._deaths)} times within {REST:g} s; it rests for {wait:.0f} s.",
                where=str(self.path),
                fix="Look for the reason: too little memory is the usual one.",
                details={"retry_after": round(wait, 1)},
            )

    def _load(self) -> dict[str, Json]:
        return {
            "op": "load",
            "path": str(self.path),
            "n_ctx": self._context,
            "conversations": self._weights.conversations,
            "kept": self._weights.kept_mb << 20,
            "threads": self._weights.cores,
            "memory": self._weights.memory,
        }
