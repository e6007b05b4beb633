"""The local models that are in memory, and who has to go so that another may come."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from ..errors import ModelBusy, ModelNotLoaded
from .gguf import Header

__all__ = ["MIB", "Resident", "Residents", "estimate"]

MIB: Final = 1 << 20
BATCH: Final = 512
BASE: Final = 128 * MIB
"""Python, NumPy and llama.cpp."""


class Resident(Protocol):
    """A model that may be in memory."""

    @property
    def idle(self) -> bool:
        """Whether no call is under way."""
        ...

    async def unload(self) -> None:
        """Give the memory back, unless a call has come."""
        ...


class Residents:
    """Shares memory out between local models. Use it from one event loop.

    Args:
        budget_bytes: What all of them may need together; None is three quarters of the machine's memory.
    """

    def __init__(self, budget_bytes: int | None = None) -> None:
        self.budget = machine_memory() * 3 // 4 if budget_bytes is None else budget_bytes
        self._held: dict[Resident, int] = {}
        self._changes: set[asyncio.Future[None]] = set()

    @property
    def held(self) -> int:
        """Bytes that the models in memory need."""
        return sum(self._held.values())

    async def admit(self, model: Resident, need: int, patience: float) -> None:
        """Make room for a model: idle ones go, the least recently used first; busy ones are waited for.

        Args:
            model: Who comes.
            need: Bytes that it needs.
            patience: Seconds to wait for busy models.

        Raises:
            ModelNotLoaded: It can never fit.
            ModelBusy: The others were busy for too long.
        """
        if need > self.budget:
            raise ModelNotLoaded(
                f"The model needs about {-(-need // MIB)} MiB of memory; {self.budget // MIB} MiB are allowed.",
                fix="Choose a smaller file or `context`, or allow local models more memory.",
                details={"needed": need, "allowed": self.budget},
            )
        self._held.pop(model, None)
        try:
            async with asyncio.timeout(patience):
                while self.held + need > self.budget:
                    await self._make_room()
        except TimeoutError as error:
            raise ModelBusy(
                f"Other local models have been busy for {patience:g} s; there is no memory for this one meanwhile.",
                fix="Try again later.",
            ) from error
        self._held[model] = need

    def use(self, model: Resident) -> None:
        """Say that a model has been used; it goes later than the others."""
        if model in self._held:
            self._held[model] = self._held.pop(model)
        self._changed()

    def leave(self, model: Resident) -> None:
        """Say that a model has given its memory back."""
        self._held.pop(model, None)
        self._changed()

    async def _make_room(self) -> None:
        """Unload one model, or wait until one is idle or gone."""
        for model in self._held:
            if model.idle:
                await model.unload()
                return
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._changes.add(change)
        try:
            await change
        finally:
            self._changes.discard(change)

    def _changed(self) -> None:
        for change in self._changes:
            if not change.done():
                change.set_result(None)


def estimate(header: Header, context: int, kept: int) -> int:
    """Return about how many bytes a model needs: its file, the cache for its context, saved states, and to compute.

    Args:
        header: The file's header.
        context: Tokens of the context.
        kept: Bytes of saved states.
    """

    def number(key: str, default: int) -> int:
        return header.number(f"{header.architecture}.{key}") or default

    context = min(context, header.context_length or context)
    width, heads = header.embedding_length or 4096, number("attention.head_count", 32)
    each = -(-width // heads)
    pair = number("attention.key_length", each) + number("attention.value_length", each)
    cache = 2 * context * number("block_count", 32) * number("attention.head_count_kv", heads) * pair
    compute = 4 * BATCH * ((header.vocabulary or 0) + context * heads)
    return header.size + cache + kept + compute + BASE


def machine_memory() -> int:
    """Return the bytes of memory that this machine, or the container, has."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):
        found = min(found, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return found
