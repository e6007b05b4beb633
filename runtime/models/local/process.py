"""One child process with a loaded model, seen from the event loop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from ...base.errors import Json
from ..errors import (
    AnswerCut,
    FrameInvalid,
    ModelCrashed,
    ModelError,
    ModelFileInvalid,
    ModelNotLoaded,
    ModelRefused,
    ModelTimeout,
    PromptTooLong,
    SchemaUnsupported,
    TemplateFailed,
)
from . import frames

__all__ = ["Process"]

_ROOT: Final = Path(__file__).parents[3]
"""The folder of the package `runtime`."""
_FINAL: Final = frozenset({"ready", "end", "result", "error"})
_SAID: Final = {
    kind.code: kind
    for kind in (
        AnswerCut, FrameInvalid, ModelFileInvalid, ModelNotLoaded, ModelRefused, PromptTooLong, SchemaUnsupported,
        TemplateFailed,
    )
}  # fmt: skip
"""The errors that a child may report, by code."""
_KEPT: Final = (
    "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LLAMA_CPP_LIB_PATH",
    "CUDA_VISIBLE_DEVICES",
)  # fmt: skip


class Process:
    """A running child. Make it with `start`; when it has died it stays dead."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdin and child.stdout and child.stderr  # noqa: S101 - all three are pipes
        self._child, self._stdin = child, child.stdin
        self._answers: dict[int, asyncio.Queue[dict[str, Json] | ModelError]] = {}
        self._log: deque[str] = deque(maxlen=60)
        self._number = 0
        self.death: ModelError | None = None
        self.died = 0.0
        """When, by the monotonic clock."""
        self._tasks = (
            asyncio.create_task(self._read(child.stdout)),
            asyncio.create_task(self._collect(child.stderr)),
        )

    @classmethod
    async def start(cls) -> Process:
        """Start a child that waits for its `load` frame."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "runtime.models.local.worker", str(os.getpid())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1 << 20,
            env=_environment(),
            start_new_session=True,
        )
        return cls(child)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    async def call(self, request: Mapping[str, Json], *, idle_s: float) -> AsyncGenerator[dict[str, Json], None]:
        """Send a request and yield its answers up to the final one.

        Leaving early leaves the child at work: follow up with `cancel`.

        Raises:
            ModelError: The child said so, died, or was silent for `idle_s` (and was killed for it).
        """
        self._number += 1
        number, answers = self._number, asyncio.Queue[dict[str, Json] | ModelError]()
        if self.death:
            raise self.death
        data = frames.encode({**request, "id": number}, frames.MAX_REQUEST)
        self._answers[number] = answers
        await self._send(data)
        while True:
            try:
                async with asyncio.timeout(idle_s):
                    answer = await answers.get()
            except TimeoutError as error:
                stalled = ModelTimeout(
                    f"The model has been silent for {idle_s:g} s; its process was ended.", details={"limit": "idle"}
                )
                self.kill(stalled)
                raise stalled from error
            if isinstance(answer, ModelError):
                raise answer
            final = answer.get("type") in _FINAL
            if final:
                del self._answers[number]
            if answer.get("type") == "error":
                raise self._rebuild(answer)
            yield answer
            if final:
                return

    async def cancel(self, grace_s: float) -> None:
        """Abort what the child is doing and wait until it has let go; kill it if it does not."""
        for number, answers in list(self._answers.items()):
            try:
                async with asyncio.timeout(grace_s):
                    await self._send(frames.encode({"op": "cancel", "id": number}, frames.MAX_REQUEST))
                    while not isinstance(answer := await answers.get(), ModelError):
                        if answer.get("type") in _FINAL:
                            break
            except TimeoutError:
                self.kill(ModelTimeout(f"The model did not stop within {grace_s:g} s; its process was ended."))
            self._answers.pop(number, None)

    def kill(self, reason: ModelError) -> None:
        """End the child now; calls in flight get `reason`."""
        self._die(reason)
        with suppress(ProcessLookupError):
            self._child.kill()

    async def close(self) -> None:
        """Let the child go: it ends when its input ends."""
        self._die(ModelCrashed("The model was closed."))
        self._stdin.close()
        try:
            async with asyncio.timeout(2):
                await self._child.wait()
        except TimeoutError:
            self._child.kill()
            await self._child.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, data: bytes) -> None:
        with suppress(ConnectionError):  # the reading task reports the death
            self._stdin.write(data)
            await self._stdin.drain()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        try:
            while (frame := await frames.read(stream)) is not None:
                number = frame.get("id")
                if isinstance(number, int) and number in self._answers:
                    self._answers[number].put_nowait(frame)
        except FrameInvalid as error:
            self.kill(error)
        await self._child.wait()
        await asyncio.wait(self._tasks[1:], timeout=1)
        death = self._die(self._crash())
        for answers in self._answers.values():
            answers.put_nowait(death)

    def _die(self, reason: ModelError) -> ModelError:
        """Note the first reason, and return it."""
        if not self.death:
            self.death, self.died = reason, time.monotonic()
        return self.death

    async def _collect(self, stream: asyncio.StreamReader) -> None:
        """Keep the last lines of what the native library printed; drop the rest, however much it is."""
        rest = b""
        while data := await stream.read(1 << 16):
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-2000:]
            self._log.extend(line[:500].decode(errors="replace") for line in lines if line.strip())
        if rest:
            self._log.append(rest[:500].decode(errors="replace"))

    def _crash(self) -> ModelCrashed:
        code = self._child.returncode or 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        log: list[Json] = [*self._log]
        return ModelCrashed(
            f"The model's process {how}.", fix="The next call starts it anew.", details={"exit": code, "log": log[-20:]}
        )

    def _rebuild(self, frame: dict[str, Json]) -> ModelError:
        """Return the error that the child described, with what the native library said where that is the reason."""
        kind = _SAID.get(str(frame.get("code")), ModelError)
        where, fix, details = frame.get("where"), frame.get("fix"), frame.get("details")
        known: dict[str, Json] = dict(details) if isinstance(details, dict) else {}
        if kind is ModelNotLoaded:
            known["log"] = list[Json]([*self._log][-20:])
        return kind(
            str(frame.get("message")),
            where=where if isinstance(where, str) else None,
            fix=fix if isinstance(fix, str) else None,
            details=known,
        )


def _environment() -> dict[str, str]:
    """Return what a child needs of our environment; no secret is in it."""
    found = {name: os.environ[name] for name in _KEPT if name in os.environ}
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return found | {"PYTHONPATH": os.pathsep.join(paths)}
