"""Python's garbage collector in a process that serves for long."""

from __future__ import annotations

import gc
from typing import Final

__all__ = ["calm"]

_THRESHOLDS: Final = (10_000, 20, 20)


def calm() -> None:
    """Let the collector look at what comes from now on only, and less often.

    What is loaded by now stays for good: hundreds of thousands of objects of libraries, which a full collection would
    go through again and again while requests wait. Measured: a fifth more requests per second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
