"""Named places in which a test ends this process as a crash or a power cut would.

Nothing is armed unless a test does it, by `arm` or by `BAIGONG_FAILPOINTS=after_intent:3,…` in the environment: then
the process ends itself with SIGKILL when it comes to the place for the third time. Source of the idea: failpoints as in
FreeBSD's `fail(9)`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Final

__all__ = ["NAMES", "arm", "reach", "reach_durably", "reach_soon"]

NAMES: Final = (
    "after_accept", "after_lease", "before_intent", "after_intent", "inside_effect", "after_effect", "after_done",
    "after_writes", "after_checkpoint",
)  # fmt: skip
"""All places, in the order in which a run with one effect comes to them."""

_MOMENT: Final = 0.002

_armed: dict[str, int] = {}


def arm(name: str, times: int = 1) -> None:
    """End the process when it comes to a place for the given time.

    Raises:
        ValueError: There is no such place.
    """
    if name not in NAMES:
        raise ValueError(f"there is no failpoint {name!r}; there is {', '.join(NAMES)}")
    _armed[name] = times


def reach(name: str) -> None:
    """Come to a place."""
    if name not in _armed:
        return
    _armed[name] -= 1
    if _armed[name] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)


async def reach_durably(name: str, commit: Callable[[], Awaitable[None]]) -> None:
    """Come to a place at which all that was queued before shall be on disk."""
    if name in _armed:
        await commit()
        reach(name)


def reach_soon(name: str) -> None:
    """Come to a place a moment from now, while what is begun after this is under way."""
    if name in _armed:
        asyncio.get_running_loop().call_later(_MOMENT, reach, name)


def _from_environment() -> None:
    for part in filter(None, os.environ.get("BAIGONG_FAILPOINTS", "").split(",")):
        name, _, times = part.partition(":")
        arm(name, int(times or 1))


_from_environment()
