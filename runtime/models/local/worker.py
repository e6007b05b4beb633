"""A model's own process: reads requests, answers them one by one, and dies with its parent.

Run by `process`, never by hand: `python -m runtime.models.local.worker PARENT_PID`. Frames of the parent:

    {op: load, mode, path, n_ctx, conversations, kept, threads, memory}       first, once
    {op: generate, id, messages, schema, tools, markup, must, stop, max_tokens, temperature, top_p, seed, trace}
    {op: score, id, messages, labels}
    {op: count, id, messages}
    {op: embed, id, texts, first}                                       in the mode `vectors`
    {op: rerank, id, query, documents, first}                           in the mode `vectors`
    {op: cancel, id}                                                    at any time

Frames of the worker, with the request's `id`: `{type: ready | progress | delta | trace | end | result | error, …}`.
Every request is answered by exactly one `end`, `result` or `error`; a cancelled one too. Silence means trouble: while
the model computes a prompt there is a `progress` for every 128 tokens.
"""

from __future__ import annotations

import ctypes
import os
import queue
import resource
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ...base.errors import Json
from ..errors import ModelError
from . import frames

if TYPE_CHECKING:
    from .service import Service
    from .vectors import Vectors

__all__ = ["Inbox", "main"]

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38


class Inbox:
    """Requests in order, and the cancellations that overtake them."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[dict[str, Json]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._cancelled: set[int] = set()
        self._current = -1
        self.on_abort: Callable[[bool], None] = lambda stop: None

    def fill(self, reader: frames.FrameReader) -> None:
        """Read until the parent is gone, then end the process: nobody is left to answer to."""
        with suppress(ModelError, OSError):
            while (frame := reader.read()) is not None:
                if frame.get("op") == "cancel":
                    self.cancel(number(frame))
                else:
                    self._queue.put(frame)
        os._exit(0)

    def cancel(self, request: int) -> None:
        """Abort the request if it is running, else refuse it when its turn comes."""
        with self._lock:
            if request == self._current:
                self.on_abort(True)
            elif request > self._current:
                self._cancelled.add(request)

    def take(self) -> tuple[dict[str, Json], bool]:
        """Wait for the next request; also say whether it has been cancelled meanwhile. Numbers only grow."""
        frame = self._queue.get()
        with self._lock:
            self._current = number(frame)
            self.on_abort(False)
            cancelled = self._current in self._cancelled
            self._cancelled = {later for later in self._cancelled if later > self._current}
            return frame, cancelled


def number(frame: dict[str, Json]) -> int:
    """Return the request's number."""
    request = frame.get("id")
    return request if isinstance(request, int) else -1


def main() -> None:
    """Serve one model until the parent goes away."""
    _bind(int(sys.argv[1]))
    source, sink = frames.claim()
    writer, inbox = frames.FrameWriter(sink), Inbox()
    reader = threading.Thread(target=inbox.fill, args=(frames.FrameReader(source),), daemon=True)
    reader.start()
    load, _ = inbox.take()
    try:
        service = _service(load, writer)
    except ModelError as error:
        writer.write({"type": "error", "id": load.get("id"), **_describe(error)})
        return
    inbox.on_abort = service.abort
    writer.write({"type": "ready", "id": load.get("id"), "info": service.info})
    while True:
        frame, cancelled = inbox.take()
        try:
            service.serve(frame, cancelled=cancelled)
        except ModelError as error:
            writer.write({"type": "error", "id": frame.get("id"), **_describe(error)})
        except (
            MemoryError,
            RuntimeError,
            AttributeError,
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
        ) as error:
            fault = ModelError(f"The request failed: {type(error).__name__}: {error}.")
            writer.write({"type": "error", "id": frame.get("id"), **_describe(fault)})


def _service(load: dict[str, Json], writer: frames.FrameWriter) -> Service | Vectors:
    """Load the model for what it is to do."""
    if load["mode"] == "vectors":
        from .vectors import Vectors

        return Vectors(load, writer)
    from .service import Service

    return Service(load, writer)


def _describe(error: ModelError) -> dict[str, Json]:
    return {
        "code": error.code, "message": error.message, "where": error.where, "fix": error.fix, "details": error.details,
    }  # fmt: skip


def _bind(parent: int) -> None:
    """Tie this process to its parent's life and give up what it does not need."""
    if sys.platform == "linux":  # elsewhere the end of the input says that the parent is gone
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:  # the parent died before the line above
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        # Under memory pressure the kernel shall end the model, not the server.
        Path("/proc/self/oom_score_adj").write_text("600")


if __name__ == "__main__":
    main()
