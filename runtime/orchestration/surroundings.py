"""What a run finds around it when it begins, and leaves behind when it ends: its session and its lasting state."""

from __future__ import annotations

import json
from typing import Final, cast

from agents.graph import CompiledApp

from ..base.errors import Json
from ..base.labels import APP, Label
from ..storage import Connection, Reader
from .frame import Frame
from .record import RunInfo
from .runs import now
from .segment import Conversation

__all__ = ["begin", "conversation_of", "leave", "read_start"]

_WRITE: Final = (
    "INSERT INTO state_values (workspace, scope, owner, key, value, label) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (workspace, scope, owner, key) DO UPDATE SET value = excluded.value, label = excluded.label"
)
_SAY: Final = (
    "INSERT INTO messages (session, seq, workspace, role, content, run, at) "
    "SELECT ?, coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ? FROM messages WHERE session = ? AND workspace = ?"
)
_TOUCH: Final = (
    "INSERT INTO sessions (id, workspace, app, principal, created, updated) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (workspace, id) DO UPDATE SET updated = excluded.updated"
)


async def read_start(reader: Reader, app: CompiledApp, info: RunInfo) -> dict[str, Json]:
    """Return the session's messages and the lasting state as they are now: the data of `run.started`."""

    def read(connection: Connection) -> dict[str, Json]:
        messages: list[Json] = []
        if info.session is not None:
            rows = connection.execute(
                "SELECT role, content FROM messages WHERE session = ? AND workspace = ? ORDER BY seq",
                (info.session, info.workspace),
            )
            messages = [{"role": role, "content": content} for role, content in rows]
        state: dict[str, Json] = {}
        for name, key in app.state.items():
            if key.scope != "run":
                row = connection.execute(
                    "SELECT value, label FROM state_values WHERE workspace = ? AND scope = ? AND owner = ? AND key = ?",
                    (info.workspace, key.scope, _owner(info, key.scope), name),
                ).fetchone()
                if row is not None:
                    state[name] = {"value": json.loads(row[0]), "label": json.loads(row[1])}
        return {"messages": messages, "state": state}

    if info.session is None and all(key.scope == "run" for key in app.state.values()):
        return {}
    return await reader.run(read)


def conversation_of(info: RunInfo, start: dict[str, Json]) -> Conversation:
    """Return the session of a run from the data of `run.started`."""
    messages = cast("list[dict[str, Json]]", start.get("messages") or [])
    return Conversation(info.session or "", tuple(messages))


def begin(frame: Frame, start: dict[str, Json]) -> None:
    """Give the frame its lasting state: the stored value, or the key's default."""
    stored = cast("dict[str, dict[str, Json]]", start.get("state") or {})
    for name, key in frame.app.state.items():
        known = stored.get(name)
        if known is not None:
            frame.state[name] = known["value"]
            frame.state_labels[name] = Label.from_json(known["label"])
        else:
            frame.state[name] = key.default


def leave(frame: Frame, outputs: dict[str, Json]) -> None:
    """Queue what lasts beyond the run: its writes to session, user and app state, and its turn of the conversation."""
    segment, info = frame.segment, frame.segment.info
    stream = segment.journal.stream
    for name in sorted(frame.written):
        scope = frame.app.state[name].scope
        if scope != "run":
            label = frame.state_labels.get(name, APP).to_json()
            row = (info.workspace, scope, _owner(info, scope), name, json.dumps(frame.state[name]), json.dumps(label))
            stream.execute(_WRITE, row)
    if info.session is None:
        return
    stream.execute(_TOUCH, (info.session, info.workspace, info.app, info.principal, now(), now()))
    turns = (("user", frame.app.message, frame.inputs), ("assistant", frame.app.reply, outputs))
    for role, name, values in turns:
        if name is not None and isinstance(values.get(name), str):
            stream.execute(
                _SAY,
                (info.session, info.workspace, role, str(values[name]), info.id, now(), info.session, info.workspace),
            )


def _owner(info: RunInfo, scope: str) -> str:
    return {"session": info.session or "", "user": info.principal, "app": info.app}[scope]
