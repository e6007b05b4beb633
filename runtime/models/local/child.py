"""A model's process over time: started when it is needed, checked before, and started anew when it has died."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Literal, TypeAlias, cast

from ...base.errors import Json
from ..errors import ModelBusy, ModelCrashed
from .crashes import Crashes
from .gguf import Header, read_header
from .process import Process
from .residents import estimate
from .trust import check
from .weights import Weights

__all__ = ["Child", "Mode"]

Mode: TypeAlias = Literal["chat", "vectors"]


class Child:
    """At most one process.

    Args:
        path: The file.
        weights: How to run it.
        context: Tokens that a prompt and its answer may have together.
        mode: What for.
        allow_unlisted: Whether a file may be used whose digest nobody has listed.
    """

    def __init__(self, path: Path, weights: Weights, context: int, mode: Mode, *, allow_unlisted: bool) -> None:
        self.path = path
        self._weights = weights
        self._context = context
        self._mode: Mode = mode
        self._allow_unlisted = allow_unlisted
        self._process: Process | None = None
        self._crashes = Crashes()
        self._header: Header | None = None
        self.info: Mapping[str, Json] = {}

    @property
    def process(self) -> Process | None:
        """The process that lives, if one does."""
        return self._process if self._process and not self._process.death else None

    async def checked(self) -> None:
        """Wait until a process may be started.

        Raises:
            ModelBusy: Too many have died.
            ModelFileInvalid: The file is not the one that is listed.
        """
        if not self.process:
            await self.close()
        try:
            pause = self._crashes.pause(time.monotonic())
        except ModelBusy as error:
            error.where = str(self.path)
            raise
        await asyncio.sleep(pause)
        await asyncio.to_thread(check, self.path, self._weights.listed, allow_unlisted=self._allow_unlisted)

    async def header(self) -> Header:
        """Return what the file says before it is loaded.

        Raises:
            ModelFileInvalid: The file is no model.
        """
        if self._header is None:
            self._header = await asyncio.to_thread(read_header, self.path)
        return self._header

    async def need(self) -> int:
        """Return about how many bytes of memory a process needs.

        Raises:
            ModelFileInvalid: The file is no model.
        """
        return estimate(await self.header(), self._context, self._weights.kept_mb << 20)

    async def start(self) -> Process:
        """Start a process that has loaded the file.

        Raises:
            ModelError: The file is no model, or cannot be loaded.
        """
        process = await Process.start()
        try:
            async with aclosing(process.call(self._load(), idle_s=self._weights.limits.start)) as answers:
                async for answer in answers:
                    self.info = cast("dict[str, Json]", answer.get("info"))
        except BaseException:
            process.kill(ModelCrashed("The model was not needed any more."))
            await asyncio.shield(process.close())
            raise
        self._process = process
        return process

    def answered(self) -> None:
        """Say that the process does its work."""
        self._crashes.forget()

    async def close(self) -> None:
        """End the process."""
        process, self._process, self._header = self._process, None, None
        if process:
            if process.death:
                self._crashes.note(process.died)
            await process.close()

    def _load(self) -> dict[str, Json]:
        return {
            "op": "load",
            "mode": self._mode,
            "path": str(self.path),
            "n_ctx": self._context,
            "conversations": self._weights.conversations,
            "kept": self._weights.kept_mb << 20,
            "threads": self._weights.cores,
            "memory": self._weights.memory,
        }
