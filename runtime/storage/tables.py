"""The database's tables: the one declaration that the migrations must lead to.

Ids are text, times are integer milliseconds since 1970 (UTC), JSON is text. Every table that a workspace may read has
the column `workspace`. Hot paths write plain SQL through the `Writer`; `server_default` is what they may leave out.
Tables that are mostly reached by their primary key are stored in it (`WITHOUT ROWID`). Nothing imports this module
while the program runs, because SQLModel is slow to load: it is what revisions are written from and tested against.
"""

from __future__ import annotations

from sqlalchemy import Double, Index, UniqueConstraint
from sqlmodel import Field

from .columns import KEYED, METADATA, Table, integer, text, workspace_column
from .openai_tables import Batch, BatchLine, File, Response

__all__ = ["METADATA", "Batch", "BatchLine", "File", "Response"]


class Run(Table, table=True):
    """A run: its identity (who, where from, of what), its lease, and how it ended.

    `status` is `accepted`, `running`, `waiting` or `doubt` while it is open, then `ended`, `failed` or `cancelled`. Its
    index is a whole one: SQLite uses a partial index only for a query that repeats the condition word by word.
    """

    __table_args__ = (
        Index("runs_created", "workspace", "created"),
        Index("runs_status", "status"),
        Index("runs_session", "session"),
        KEYED,
    )

    id: str = text(key=True)
    workspace: str = workspace_column()
    app: str = text()
    version: str | None = text()
    digest: str = text()
    surface: str = text()
    principal: str = text()
    end_user: str | None = text()
    session: str | None = text()
    root: str | None = text()
    parent: str | None = text()
    fork_of: str | None = text()
    fork_at: int | None = integer()
    budget: str = text(default="{}")
    labels: str = text(default="{}")
    status: str = text()
    fence: int = integer(default=0)
    lease_until: int = integer(default=0)
    attempt: int = integer(default=1)
    inputs: str = text()
    outputs: str | None = text()
    error: str | None = text()
    usage: str | None = text()
    created: int = integer()
    started: int | None = integer()
    ended: int | None = integer()
    compiler: str | None = text()


class Event(Table, table=True):
    """One event of a run's journal; `seq` is gapless from 1."""

    __table_args__ = KEYED

    run: str = text(key=True)
    seq: int = integer(key=True)
    workspace: str = workspace_column()
    at: int = integer()
    type: str = text()
    path: str = text()
    attempt: int = integer()
    data: str | None = text()


class Effect(Table, table=True):
    """An entry of the effect ledger; `state` is `intent`, `done` or `doubt`."""

    __table_args__ = KEYED

    run: str = text(key=True)
    key: str = text(key=True)
    workspace: str = workspace_column()
    path: str = text()
    tool: str = text()
    effect_class: str = text(name="class")
    state: str = text()
    result: str | None = text()
    at: int = integer()


class Expense(Table, table=True):
    """What an app's user has spent on a day; `day` is a date such as `2026-01-31`."""

    __table_args__ = KEYED

    workspace: str = workspace_column(key=True)
    day: str = text(key=True)
    app: str = text(key=True)
    principal: str = text(key=True)
    usd: float = Field(sa_type=Double)
    tokens: int = integer()
    tool_calls: int = integer()


class Result(Table, table=True):
    """What a node came to, kept until `expires`."""

    __table_args__ = KEYED

    workspace: str = workspace_column(key=True)
    key: str = text(key=True)
    value: str = text()
    created: int = integer()
    expires: int = integer()


class Decision(Table, table=True):
    """Which deployment the router chose for a call, and what became of it; `vector` is a float32 array in base64."""

    __table_args__ = (Index("decisions_at", "workspace", "at"), KEYED)

    id: str = text(key=True)
    workspace: str = workspace_column()
    at: int = integer()
    app: str = text()
    run: str = text()
    path: str = text()
    principal: str = text()
    model: str = text()
    policy: str = text()
    reason: str = text()
    deployment: str | None = text()
    error: str | None = text()
    seconds: float = Field(sa_type=Double)
    input_tokens: int = integer()
    output_tokens: int = integer()
    usd: float = Field(sa_type=Double)
    confidence: float | None = Field(sa_type=Double)
    score: float | None = Field(sa_type=Double)
    demand: str = text()
    detail: str | None = text()
    vector: str | None = text()


class Answer(Table, table=True):
    """What a model answered to a request, by the hash of the request, kept until `expires`."""

    __table_args__ = (Index("answers_expires", "expires"), KEYED)

    workspace: str = workspace_column(key=True)
    key: str = text(key=True)
    deployment: str = text()
    reply: str = text()
    created: int = integer()
    expires: int = integer()


class SimilarAnswer(Table, table=True):
    """An answer that may be given to similar questions; `vector` as in `Decision`, `seen` what was observed of it."""

    __table_args__ = (
        Index("similar_answers_context", "workspace", "context"),
        Index("similar_answers_expires", "expires"),
        KEYED,
    )

    id: str = text(key=True)
    workspace: str = workspace_column()
    context: str = text()
    vector: str = text()
    reply: str = text()
    seen: str = text()
    created: int = integer()
    expires: int = integer()


class Worker(Table, table=True):
    """A process that shares the database; `seen` is when it last said that it lives. No workspace: it serves all."""

    __table_args__ = KEYED

    id: str = text(key=True)
    started: int = integer()
    seen: int = integer()


class Lease(Table, table=True):
    """Which worker has a run. No workspace: it is reached through its run only, whose row has been checked."""

    __table_args__ = (Index("leases_worker", "worker"), KEYED)

    run: str = text(key=True)
    worker: str = text()


class SessionTurn(Table, table=True):
    """Which run of a conversation is at work, where several workers share the database."""

    __table_args__ = KEYED

    workspace: str = workspace_column(key=True)
    session: str = text(key=True)
    run: str = text()
    worker: str = text()


class Wait(Table, table=True):
    """A question to a person, and the answer once there is one. In SQL, quote the column `"by"`."""

    __table_args__ = KEYED

    run: str = text(key=True)
    id: str = text(key=True)
    workspace: str = workspace_column()
    path: str = text()
    kind: str = text()
    request: str = text()
    answer: str | None = text()
    by: str | None = text()
    at: int = integer()
    deadline: int | None = integer()


class Checkpoint(Table, table=True):
    """A LangGraph checkpoint. No workspace: it is reached through its run only, whose row has been checked."""

    __table_args__ = KEYED

    thread_id: str = text(key=True)
    checkpoint_ns: str = text(key=True)
    checkpoint_id: str = text(key=True)
    parent_id: str | None = text()
    type: str = text()
    checkpoint: bytes
    known: str = text(name="metadata")


class CheckpointWrite(Table, table=True):
    """A write pending on a LangGraph checkpoint. No workspace, as for `Checkpoint`."""

    __table_args__ = KEYED

    thread_id: str = text(key=True)
    checkpoint_ns: str = text(key=True)
    checkpoint_id: str = text(key=True)
    task_id: str = text(key=True)
    idx: int = integer(key=True)
    task_path: str = text()
    channel: str = text()
    type: str = text()
    value: bytes


class Bundle(Table, table=True):
    """A bundle as a zip archive, by its content hash."""

    digest: str = text(key=True)
    workspace: str = workspace_column(key=True)
    content: bytes
    created: int = integer()


class Idempotency(Table, table=True):
    """Which run a client's idempotency key made, and of which request body."""

    __tablename__ = "idempotency"  # pyright: ignore[reportAssignmentType] the one without a plural
    __table_args__ = KEYED

    workspace: str = workspace_column(key=True)
    key: str = text(key=True)
    body_hash: str = text()
    run: str = text()
    created: int = integer()


class Session(Table, table=True):
    """A conversation with an app."""

    __table_args__ = (Index("sessions_app", "workspace", "app", "updated"),)

    workspace: str = workspace_column(key=True)
    id: str = text(key=True)
    app: str = text()
    principal: str = text()
    created: int = integer()
    updated: int = integer()


class Message(Table, table=True):
    """One message of a conversation."""

    workspace: str = workspace_column(key=True)
    session: str = text(key=True)
    seq: int = integer(key=True)
    role: str = text()
    content: str = text()
    run: str | None = text()
    at: int = integer()


class StateValue(Table, table=True):
    """A value of an app's state; `scope` is `session`, `user` or `app`, and `owner` names whose it is."""

    __table_args__ = KEYED

    workspace: str = workspace_column(key=True)
    scope: str = text(key=True)
    owner: str = text(key=True)
    key: str = text(key=True)
    value: str = text()
    label: str | None = text()


class Artifact(Table, table=True):
    """A stored file under one of its names; the id is the SHA-256 of its content."""

    id: str = text(key=True)
    workspace: str = workspace_column(key=True)
    name: str = text(key=True)
    media_type: str = text()
    size: int = integer()
    label: str | None = text()
    created: int = integer()


class Secret(Table, table=True):
    """A secret, encrypted."""

    workspace: str = workspace_column(key=True)
    name: str = text(key=True)
    nonce: bytes
    value: bytes
    created: int = integer()
    updated: int = integer()


class Key(Table, table=True):
    """A credential of a caller; of the key itself only a keyed hash is stored."""

    __table_args__ = (UniqueConstraint("hash"),)

    id: str = text(key=True)
    workspace: str = workspace_column()
    kind: str = text()
    name: str = text()
    hash: str = text()
    scopes: str = text(default="[]")
    app: str | None = text()
    created: int = integer()
    expires: int | None = integer()
    revoked: int | None = integer()


class App(Table, table=True):
    """An app of a workspace: its draft's bundle and revision."""

    workspace: str = workspace_column(key=True)
    id: str = text(key=True)
    name: str = text()
    digest: str = text()
    revision: int = integer(default=0)
    created: int = integer()
    updated: int = integer()
    origin: str | None = text()


class AppOp(Table, table=True):
    """One edit of an app; a client's sequence numbers make sending it twice harmless."""

    __table_args__ = (UniqueConstraint("workspace", "app", "client", "seq"),)

    workspace: str = workspace_column(key=True)
    app: str = text(key=True)
    rev: int = integer(key=True)
    client: str = text()
    seq: int = integer()
    op: str = text()
    at: int = integer()
