"""The database's tables: the one declaration that the migrations must lead to.

Ids are text, times are integer milliseconds since 1970 (UTC), JSON is text. Every table that a workspace may read has
the column `workspace`. Hot paths write plain SQL through the `Writer`; `server_default` is what they may leave out.
Tables that are mostly reached by their primary key are stored in it (`WITHOUT ROWID`). Nothing imports this module
while the program runs, because SQLModel is slow to load: it is what revisions are written from and tested against.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import BigInteger, Double, Index, MetaData, Text, UniqueConstraint
from sqlalchemy.orm import declared_attr, registry
from sqlmodel import Field, SQLModel

__all__ = ["METADATA"]

METADATA: Final = MetaData()

_KEYED: Final = {"sqlite_with_rowid": False}


def _text(*, key: bool = False, default: str | None = None, name: str | None = None) -> Any:  # noqa: ANN401 as SQLModel's
    """Declare a text column; `name` where Python's own words forbid the column's."""
    extra = {"name": name} if name else {}
    if default is not None:
        extra["server_default"] = default
    return Field(primary_key=key, sa_type=Text, sa_column_kwargs=extra)


def _integer(*, key: bool = False, default: int | None = None) -> Any:  # noqa: ANN401 as SQLModel's
    """Declare a column of 64-bit integers."""
    extra = {} if default is None else {"server_default": str(default)}
    return Field(primary_key=key, sa_type=BigInteger, sa_column_kwargs=extra)


def _workspace(*, key: bool = False) -> Any:  # noqa: ANN401 as SQLModel's
    return _text(key=key, default="main")


class Table(SQLModel, registry=registry(metadata=METADATA)):
    """The base of the tables, with a catalogue of their own. `StateValue` describes a row of `state_values`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return f"{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', cls.__name__).lower()}s"


class Run(Table, table=True):
    """A run: its identity (who, where from, of what), its lease, and how it ended.

    `status` is `accepted`, `running`, `waiting` or `doubt` while it is open, then `ended`, `failed` or `cancelled`. Its
    index is a whole one: SQLite uses a partial index only for a query that repeats the condition word by word.
    """

    __table_args__ = (
        Index("runs_created", "workspace", "created"),
        Index("runs_status", "status"),
        Index("runs_session", "session"),
        _KEYED,
    )

    id: str = _text(key=True)
    workspace: str = _workspace()
    app: str = _text()
    version: str | None = _text()
    digest: str = _text()
    surface: str = _text()
    principal: str = _text()
    end_user: str | None = _text()
    session: str | None = _text()
    root: str | None = _text()
    parent: str | None = _text()
    fork_of: str | None = _text()
    fork_at: int | None = _integer()
    budget: str = _text(default="{}")
    labels: str = _text(default="{}")
    status: str = _text()
    fence: int = _integer(default=0)
    lease_until: int = _integer(default=0)
    attempt: int = _integer(default=1)
    inputs: str = _text()
    outputs: str | None = _text()
    error: str | None = _text()
    usage: str | None = _text()
    created: int = _integer()
    started: int | None = _integer()
    ended: int | None = _integer()
    compiler: str | None = _text()


class Event(Table, table=True):
    """One event of a run's journal; `seq` is gapless from 1."""

    __table_args__ = _KEYED

    run: str = _text(key=True)
    seq: int = _integer(key=True)
    workspace: str = _workspace()
    at: int = _integer()
    type: str = _text()
    path: str = _text()
    attempt: int = _integer()
    data: str | None = _text()


class Effect(Table, table=True):
    """An entry of the effect ledger; `state` is `intent`, `done` or `doubt`."""

    __table_args__ = _KEYED

    run: str = _text(key=True)
    key: str = _text(key=True)
    workspace: str = _workspace()
    path: str = _text()
    tool: str = _text()
    effect_class: str = _text(name="class")
    state: str = _text()
    result: str | None = _text()
    at: int = _integer()


class Expense(Table, table=True):
    """What an app's user has spent on a day; `day` is a date such as `2026-01-31`."""

    __table_args__ = _KEYED

    workspace: str = _workspace(key=True)
    day: str = _text(key=True)
    app: str = _text(key=True)
    principal: str = _text(key=True)
    usd: float = Field(sa_type=Double)
    tokens: int = _integer()
    tool_calls: int = _integer()


class Result(Table, table=True):
    """What a node came to, kept until `expires`."""

    __table_args__ = _KEYED

    workspace: str = _workspace(key=True)
    key: str = _text(key=True)
    value: str = _text()
    created: int = _integer()
    expires: int = _integer()


class Decision(Table, table=True):
    """Which deployment the router chose for a call, and what became of it; `vector` is a float32 array in base64."""

    __table_args__ = (Index("decisions_at", "workspace", "at"), _KEYED)

    id: str = _text(key=True)
    workspace: str = _workspace()
    at: int = _integer()
    app: str = _text()
    run: str = _text()
    path: str = _text()
    principal: str = _text()
    model: str = _text()
    policy: str = _text()
    reason: str = _text()
    deployment: str | None = _text()
    error: str | None = _text()
    seconds: float = Field(sa_type=Double)
    input_tokens: int = _integer()
    output_tokens: int = _integer()
    usd: float = Field(sa_type=Double)
    confidence: float | None = Field(sa_type=Double)
    score: float | None = Field(sa_type=Double)
    demand: str = _text()
    detail: str | None = _text()
    vector: str | None = _text()


class Answer(Table, table=True):
    """What a model answered to a request, by the hash of the request, kept until `expires`."""

    __table_args__ = (Index("answers_expires", "expires"), _KEYED)

    workspace: str = _workspace(key=True)
    key: str = _text(key=True)
    deployment: str = _text()
    reply: str = _text()
    created: int = _integer()
    expires: int = _integer()


class Response(Table, table=True):
    """An answer of the OpenAI-compatible interface that a client can go on from: its body, and what it was asked."""

    __table_args__ = (Index("responses_created", "created"),)

    id: str = _text(key=True)
    workspace: str = _workspace()
    previous: str | None = _text()
    body: str = _text()
    input: str = _text()
    created: int = _integer()


class File(Table, table=True):
    """A file of the OpenAI-compatible interface; its content is an artifact."""

    __table_args__ = (Index("files_created", "workspace", "created"), _KEYED)

    id: str = _text(key=True)
    workspace: str = _workspace()
    purpose: str = _text()
    name: str = _text()
    artifact: str = _text()
    size: int = _integer()
    created: int = _integer()


class Batch(Table, table=True):
    """Requests that are answered when there is time; `worker` has it until `lease_until`, `artifact` is its input."""

    __tablename__ = "batches"  # pyright: ignore[reportAssignmentType] the plural is not the usual one
    __table_args__ = (Index("batches_created", "workspace", "created"), Index("batches_status", "status"), _KEYED)

    id: str = _text(key=True)
    workspace: str = _workspace()
    principal: str = _text()
    status: str = _text()
    endpoint: str = _text()
    artifact: str = _text()
    body: str = _text()
    expires: int = _integer()
    worker: str | None = _text()
    lease_until: int = _integer(default=0)
    created: int = _integer()


class BatchLine(Table, table=True):
    """What became of a line of a batch; `state` is `done` or `failed`."""

    batch: str = _text(key=True)
    line: int = _integer(key=True)
    workspace: str = _workspace()
    state: str = _text()
    result: str = _text()


class Worker(Table, table=True):
    """A process that shares the database; `seen` is when it last said that it lives. No workspace: it serves all."""

    __table_args__ = _KEYED

    id: str = _text(key=True)
    started: int = _integer()
    seen: int = _integer()


class Lease(Table, table=True):
    """Which worker has a run. No workspace: it is reached through its run only, whose row has been checked."""

    __table_args__ = (Index("leases_worker", "worker"), _KEYED)

    run: str = _text(key=True)
    worker: str = _text()


class SessionTurn(Table, table=True):
    """Which run of a conversation is at work, where several workers share the database."""

    __table_args__ = _KEYED

    workspace: str = _workspace(key=True)
    session: str = _text(key=True)
    run: str = _text()
    worker: str = _text()


class Wait(Table, table=True):
    """A question to a person, and the answer once there is one. In SQL, quote the column `"by"`."""

    __table_args__ = _KEYED

    run: str = _text(key=True)
    id: str = _text(key=True)
    workspace: str = _workspace()
    path: str = _text()
    kind: str = _text()
    request: str = _text()
    answer: str | None = _text()
    by: str | None = _text()
    at: int = _integer()
    deadline: int | None = _integer()


class Checkpoint(Table, table=True):
    """A LangGraph checkpoint. No workspace: it is reached through its run only, whose row has been checked."""

    __table_args__ = _KEYED

    thread_id: str = _text(key=True)
    checkpoint_ns: str = _text(key=True)
    checkpoint_id: str = _text(key=True)
    parent_id: str | None = _text()
    type: str = _text()
    checkpoint: bytes
    known: str = _text(name="metadata")


class CheckpointWrite(Table, table=True):
    """A write pending on a LangGraph checkpoint. No workspace, as for `Checkpoint`."""

    __table_args__ = _KEYED

    thread_id: str = _text(key=True)
    checkpoint_ns: str = _text(key=True)
    checkpoint_id: str = _text(key=True)
    task_id: str = _text(key=True)
    idx: int = _integer(key=True)
    task_path: str = _text()
    channel: str = _text()
    type: str = _text()
    value: bytes


class Bundle(Table, table=True):
    """A bundle as a zip archive, by its content hash."""

    digest: str = _text(key=True)
    workspace: str = _workspace(key=True)
    content: bytes
    created: int = _integer()


class Idempotency(Table, table=True):
    """Which run a client's idempotency key made, and of which request body."""

    __tablename__ = "idempotency"  # pyright: ignore[reportAssignmentType] the one without a plural
    __table_args__ = _KEYED

    workspace: str = _workspace(key=True)
    key: str = _text(key=True)
    body_hash: str = _text()
    run: str = _text()
    created: int = _integer()


class Session(Table, table=True):
    """A conversation with an app."""

    __table_args__ = (Index("sessions_app", "workspace", "app", "updated"),)

    workspace: str = _workspace(key=True)
    id: str = _text(key=True)
    app: str = _text()
    principal: str = _text()
    created: int = _integer()
    updated: int = _integer()


class Message(Table, table=True):
    """One message of a conversation."""

    workspace: str = _workspace(key=True)
    session: str = _text(key=True)
    seq: int = _integer(key=True)
    role: str = _text()
    content: str = _text()
    run: str | None = _text()
    at: int = _integer()


class StateValue(Table, table=True):
    """A value of an app's state; `scope` is `session`, `user` or `app`, and `owner` names whose it is."""

    __table_args__ = _KEYED

    workspace: str = _workspace(key=True)
    scope: str = _text(key=True)
    owner: str = _text(key=True)
    key: str = _text(key=True)
    value: str = _text()
    label: str | None = _text()


class Artifact(Table, table=True):
    """A stored file under one of its names; the id is the SHA-256 of its content."""

    id: str = _text(key=True)
    workspace: str = _workspace(key=True)
    name: str = _text(key=True)
    media_type: str = _text()
    size: int = _integer()
    label: str | None = _text()
    created: int = _integer()


class Secret(Table, table=True):
    """A secret, encrypted."""

    workspace: str = _workspace(key=True)
    name: str = _text(key=True)
    nonce: bytes
    value: bytes
    created: int = _integer()
    updated: int = _integer()


class Key(Table, table=True):
    """A credential of a caller; of the key itself only a keyed hash is stored."""

    __table_args__ = (UniqueConstraint("hash"),)

    id: str = _text(key=True)
    workspace: str = _workspace()
    kind: str = _text()
    name: str = _text()
    hash: str = _text()
    scopes: str = _text(default="[]")
    app: str | None = _text()
    created: int = _integer()
    expires: int | None = _integer()
    revoked: int | None = _integer()


class App(Table, table=True):
    """An app of a workspace: its draft's bundle and revision."""

    workspace: str = _workspace(key=True)
    id: str = _text(key=True)
    name: str = _text()
    digest: str = _text()
    revision: int = _integer(default=0)
    created: int = _integer()
    updated: int = _integer()
    origin: str | None = _text()


class AppOp(Table, table=True):
    """One edit of an app; a client's sequence numbers make sending it twice harmless."""

    __table_args__ = (UniqueConstraint("workspace", "app", "client", "seq"),)

    workspace: str = _workspace(key=True)
    app: str = _text(key=True)
    rev: int = _integer(key=True)
    client: str = _text()
    seq: int = _integer()
    op: str = _text()
    at: int = _integer()
