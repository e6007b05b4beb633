"""Open questions and the answers to them: the `waits` table."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final, cast

from jsonschema import Draft202012Validator

from ..base.errors import Json
from ..storage import Connection
from .errors import AskNotOpen, NotTheirs
from .runs import now

__all__ = [
    "PEOPLE",
    "OpenAsk",
    "awaiting",
    "check_answer",
    "check_who",
    "filled",
    "open_asks",
    "put_answer",
    "stored_answers",
    "time_out",
]

PEOPLE: Final = ("form", "approval", "budget")
"""Kinds of questions that people answer; the others wait for a time or an event."""

OpenAsk = dict[str, Json]
"""`{id, path, kind, request, deadline, at}` of a question without an answer."""


def open_asks(connection: Connection, run: str) -> list[OpenAsk]:
    """Return the questions of a run that nobody has answered, oldest first."""
    rows = connection.execute(
        "SELECT id, path, kind, request, deadline, at FROM waits WHERE run = ? AND answer IS NULL ORDER BY at, id",
        (run,),
    )
    return [
        {"id": ask, "path": path, "kind": kind, "request": json.loads(request), "deadline": deadline, "at": at}
        for ask, path, kind, request, deadline, at in rows
    ]


def stored_answers(connection: Connection, run: str) -> dict[str, dict[str, Json]]:
    """Return the answers of a run by question."""
    rows = connection.execute("SELECT id, answer FROM waits WHERE run = ? AND answer IS NOT NULL ORDER BY id", (run,))
    return {ask: json.loads(answer) for ask, answer in rows}


def check_answer(ask: OpenAsk, action: str, form: Mapping[str, Json]) -> None:
    """Check an answer against its question.

    Raises:
        AskNotOpen: The action is none of the question's, or a field is missing, unknown or of the wrong type.
    """
    request = cast("dict[str, Json]", ask["request"])
    actions = cast("list[str]", request["actions"])
    name = str(ask["id"])
    if action not in actions:
        raise AskNotOpen(f"{action!r} is none of the actions.", where=name, fix=f"Choose one of: {', '.join(actions)}.")
    fields = cast("dict[str, dict[str, Json]]", request.get("form") or {})
    for field in form:
        if field not in fields:
            raise AskNotOpen(
                f"The form has no field {field!r}.", where=name, fix=f"It has: {', '.join(fields) or 'none'}."
            )
    for field, schema in fields.items():
        if field not in form:
            if not _optional(schema):
                raise AskNotOpen(f"The field {field!r} is missing.", where=name)
            continue
        problem = next(iter(Draft202012Validator(schema).iter_errors(form[field])), None)  # pyright: ignore[reportUnknownMemberType]
        if problem is not None:
            raise AskNotOpen(f"The field {field!r} is wrong: {problem.message}.", where=name)


def filled(ask: OpenAsk, form: Mapping[str, Json]) -> dict[str, Json]:
    """Return an answer's fields, with the defaults of those that are missing."""
    request = cast("dict[str, Json]", ask["request"])
    fields = cast("dict[str, dict[str, Json]]", request.get("form") or {})
    defaults = {name: schema["default"] for name, schema in fields.items() if "default" in schema}
    return {**defaults, **{name: value for name, value in form.items() if value is not None}}


def check_who(ask: OpenAsk, roles: Collection[str]) -> None:
    """Check that somebody may answer a question; the owner of the home may answer all.

    Raises:
        NotTheirs: The question is for others.
    """
    request = cast("dict[str, Json]", ask["request"])
    who = request.get("who")
    named = [str(one) for one in who] if isinstance(who, list) else [str(who)] if who else []
    if named and "owner" not in roles and not set(named) & set(roles):
        raise NotTheirs(f"The question is for {', '.join(named)}.", where=str(ask["id"]))


def awaiting(connection: Connection, workspace: str, event: str, key: str | None) -> list[tuple[str, str]]:
    """Return (run, question) of all that wait for an event of a name and, where they say one, of a key."""
    rows = connection.execute(
        "SELECT run, id, request FROM waits WHERE workspace = ? AND kind = 'event' AND answer IS NULL ORDER BY at, id",
        (workspace,),
    )
    found: list[tuple[str, str]] = []
    for run, ask, request in rows:
        shown = cast("dict[str, dict[str, Json]]", json.loads(request)).get("shown", {})
        if shown.get("event") == event and shown.get("key") in (None, key):
            found.append((run, ask))
    return found


def put_answer(
    connection: Connection, run: str, ask: str, *, action: str, form: Mapping[str, Json], by: str | None
) -> None:
    """Store an answer; the first one counts.

    Raises:
        AskNotOpen: There is no such question, or it has an answer.
    """
    answer: dict[str, Json] = {"action": action, "form": dict(form), "by": by, "at": datetime.now(UTC).isoformat()}
    changed = connection.execute(
        "UPDATE waits SET answer = ?, by = ? WHERE run = ? AND id = ? AND answer IS NULL",
        (json.dumps(answer, ensure_ascii=False), by, run, ask),
    )
    if changed.rowcount != 1:
        raise AskNotOpen(f"The question {ask!r} is not open.", where=run)


def time_out(connection: Connection, run: str) -> None:
    """Answer every question of a run whose wait is over with its action for that."""
    for ask in open_asks(connection, run):
        request = cast("dict[str, Json]", ask["request"])
        deadline, action = ask["deadline"], request.get("on_timeout")
        if isinstance(deadline, int) and deadline <= now() and isinstance(action, str):
            with contextlib.suppress(AskNotOpen):  # Somebody was faster.
                put_answer(connection, run, str(ask["id"]), action=action, form={}, by=None)


def _optional(schema: Mapping[str, Json]) -> bool:
    """Whether a field may be left out: its type allows null."""
    return Draft202012Validator(dict(schema)).is_valid(None)  # pyright: ignore[reportUnknownMemberType]
