"""Questions to people. The answer comes from the journal, never from LangGraph's own resume values.

On re-execution LangGraph hands a stored resume value to the first `interrupt()` that is reached, so that the answer to
one question could be taken for the answer to another: what `interrupt` returns is ignored.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Final, cast

from langgraph.types import interrupt

from agents.context import Answer, AskRequest

from ..base.durations import seconds
from ..base.errors import Json
from .errors import ReplayMismatch
from .places import within
from .segment import Segment

__all__ = ["ask", "put_question", "withdraw"]

_OPEN: Final = (
    "INSERT INTO waits (run, id, workspace, path, kind, request, deadline, at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)


def withdraw(segment: Segment, path: str) -> None:
    """Take back every open question of a node, and of the nodes inside it, that nobody needs to answer any more."""
    journal = segment.journal
    for name in sorted(journal.memory.opened.union(segment.opened) - journal.memory.answers.keys()):
        asker = name.rpartition(":")[0]
        if within(asker, path):
            journal.stream.execute("DELETE FROM waits WHERE run = ? AND id = ?", (journal.run, name))
            journal.emit("ask.withdrawn", asker, {"ask": name})
            journal.memory.opened.discard(name)
            if name in segment.opened:
                segment.opened.remove(name)


def put_question(segment: Segment, path: str, name: str, request: AskRequest) -> None:
    """Open a question, unless it is open, and let the run park for it once nothing else can go on."""
    journal = segment.journal
    if name not in journal.memory.opened and name not in segment.opened:
        now = time.time_ns() // 1_000_000
        deadline = now + int(seconds(request.wait) * 1000) if request.wait else None
        asked = cast("dict[str, Json]", {key: value for key, value in asdict(request).items() if value is not None})
        text = json.dumps(asked, ensure_ascii=False)
        row = (journal.run, name, journal.workspace, path, request.kind, text, deadline, now)
        journal.stream.append(_OPEN, row)
        journal.emit("ask.opened", path, {"ask": name, "request": asked, "deadline": deadline})
    if name not in segment.opened:
        segment.opened.append(name)


async def ask(segment: Segment, path: str, name: str, request: AskRequest) -> Answer:
    """Return a person's answer, or park the run until there is one.

    Args:
        segment: The run.
        path: The node that asks.
        name: The question's id; an approval's holds the hash of the call that is approved.
        request: The question.

    Raises:
        ReplayMismatch: The run is a replay and nobody had answered.
        GraphInterrupt: There is no answer yet.
    """
    journal = segment.journal
    while name not in journal.memory.answers:
        if segment.offline:
            raise ReplayMismatch(f"The replay asks {name!r}, which nobody had answered.", where=path)
        put_question(segment, path, name, request)
        interrupt({"ask": name})
    answer = journal.memory.answers[name]
    return Answer(
        action=str(answer["action"]),
        form=cast("dict[str, Json]", answer.get("form") or {}),
        by=cast("str | None", answer.get("by")),
        at=str(answer["at"]),
    )
