"""Puts a frame back to where the journal says it was."""

from __future__ import annotations

from ..base.errors import Json
from ..base.labels import APP, Label
from .errors import RecordedFailure
from .frame import Frame
from .journal import SKIPPED
from .values import restore

__all__ = ["recover"]


async def recover(frame: Frame) -> None:
    """Fill marks, ports, labels and state from the run's journal.

    The state is one for an app's graph and all bodies in it, so that it is restored with the app's graph. A failure
    that something around a body has coped with stays a failure.

    A replay recovers only what was pinned: it executes every node again and is served every call from the journal.
    """
    if frame.around is None:
        for name, key in frame.app.state.items():
            if key.scope == "run":
                frame.state.setdefault(name, key.default)
    for name in frame.nodes:
        await _recover_node(frame, name)
    if frame.around is None:
        _recover_state(frame)


async def _recover_node(frame: Frame, name: str) -> None:
    segment, path = frame.segment, f"{frame.prefix}{name}"
    memory = segment.journal.memory
    begun = (path, memory.attempts.get(path, 1))
    if begun in memory.started:
        segment.begun.add(begun)
    if path in memory.caught:
        frame.failure = RecordedFailure(memory.caught[path])
        frame.labels[name] = _label(memory.labels.get(path))
    mark = memory.marks.get(path)
    if mark is None:
        return
    if mark != SKIPPED:
        frame.ports[name] = await restore(memory.ports[path], segment.host.files, segment.info.workspace)
        frame.labels[name] = _label(memory.labels.get(path))
    frame.marks[name] = mark


def _recover_state(frame: Frame) -> None:
    memory = frame.segment.journal.memory
    for path, key, value in memory.writes:
        own = path.startswith(frame.prefix) and "/" not in path[len(frame.prefix) :]
        if own and path in memory.marks:
            frame.write(key, value, _label(memory.labels.get(path)))


def _label(data: Json) -> Label:
    return APP if data is None else Label.from_json(data)
