"""Puts a frame back to where the journal says it was."""

from __future__ import annotations

from ..base.labels import APP, Label
from .frame import Frame
from .journal import SKIPPED
from .values import restore

__all__ = ["recover"]


async def recover(frame: Frame) -> None:
    """Fill marks, ports, labels and state from the run's journal.

    A replay recovers nothing: it executes every node again and is served every call from the journal.
    """
    segment = frame.segment
    memory = segment.journal.memory
    for name, key in frame.app.state.items():
        if key.scope == "run":
            frame.state.setdefault(name, key.default)
    segment.begun.update((path, memory.attempts.get(path, 1)) for path in memory.started if not segment.offline)
    if segment.offline:
        return
    for name in frame.app.nodes:
        path = f"{frame.prefix}{name}"
        mark = memory.marks.get(path)
        if mark is None:
            continue
        if mark != SKIPPED:
            frame.ports[name] = await restore(memory.ports[path], segment.host.files, segment.info.workspace)
            label = memory.labels.get(path)
            frame.labels[name] = Label.from_json(label) if label is not None else APP
        frame.marks[name] = mark
    for path, key, value in memory.writes:
        name = path.removeprefix(frame.prefix)
        if name in frame.marks and path.startswith(frame.prefix):
            frame.write(key, value, frame.labels.get(name, APP))
