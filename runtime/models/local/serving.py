"""What every kind of service of a model's process shares: its cap on memory, its frames, and how it is interrupted."""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from ...base.errors import Json
from ..errors import FrameInvalid
from .frames import FrameWriter
from .gguf import Header, read_header
from .native import Aborted, Native

__all__ = ["FrameService", "Method"]

Method = Callable[[dict[str, Json]], None]


class FrameService:
    """A loaded model and the frames that it answers; one class for each way to use a model.

    Args:
        load: The `load` frame.
        writer: Where answers go.

    Raises:
        ModelError: The file is no model, or it cannot be loaded.
    """

    def __init__(self, load: dict[str, Json], writer: FrameWriter) -> None:
        self._writer = writer
        self._id: Json = None
        path = Path(str(load["path"]))
        header = read_header(path)
        # Mapped model files do not count: a runaway context or template shall fail here, and not in the server.
        if memory := cast("int", load["memory"]):
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        self._native = self._load(str(path), header, load)
        self._vocabulary = self._native.vocabulary
        self.info: dict[str, Json] = self._prepare(header, load)

    def _load(self, path: str, header: Header, load: dict[str, Json]) -> Native:
        """Load the model."""
        raise NotImplementedError

    def _prepare(self, header: Header, load: dict[str, Json]) -> dict[str, Json]:
        """Make what the methods need of the loaded model, and return what is to be known of it."""
        raise NotImplementedError

    @property
    def _methods(self) -> Mapping[str, Method]:
        """The operations by name."""
        raise NotImplementedError

    def abort(self, stop: bool) -> None:
        """Set or clear the flag that interrupts the model. Any thread may call it."""
        self._native.abort(stop)

    def serve(self, frame: dict[str, Json], *, cancelled: bool) -> None:
        """Answer one request.

        Raises:
            ModelError: It failed; nothing final has been written.
        """
        self._id = frame.get("id")
        if cancelled:
            return self._end("cancelled")
        if (method := self._methods.get(str(frame.get("op")))) is None:
            raise FrameInvalid(f"The operation {frame.get('op')!r} is unknown.")
        try:
            return method(frame)
        except Aborted:
            return self._end("cancelled")

    def _end(self, reason: str, usage: dict[str, Json] | None = None, timings: dict[str, Json] | None = None) -> None:
        self._write("end", reason=reason, usage=usage or {}, timings=timings or {})

    def _write(self, kind: str, **data: Json) -> None:
        self._writer.write({"type": kind, "id": self._id, **data})
