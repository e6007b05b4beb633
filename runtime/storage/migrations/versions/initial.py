"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create them all."""
    _runs()
    _conversations()
    _assets()


def _text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def _integer(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null, server_default=default)


def _blob(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _workspace() -> sa.Column[str]:
    return _text("workspace", default="main")


def _runs() -> None:
    """Runs, their journal, effects, questions and checkpoints."""
    op.create_table(
        "runs",
        _text("id"),
        _workspace(),
        _text("app"),
        _text("version", null=True),
        _text("digest"),
        _text("surface"),
        _text("principal"),
        _text("end_user", null=True),
        _text("session", null=True),
        _text("root", null=True),
        _text("parent", null=True),
        _text("fork_of", null=True),
        _integer("fork_at", null=True),
        _text("budget", default="{}"),
        _text("labels", default="{}"),
        _text("status"),
        _integer("fence", default="0"),
        _integer("lease_until", default="0"),
        _integer("attempt", default="1"),
        _text("inputs"),
        _text("outputs", null=True),
        _text("error", null=True),
        _text("usage", null=True),
        _integer("created"),
        _integer("started", null=True),
        _integer("ended", null=True),
        _text("compiler", null=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("runs_created", "runs", ["workspace", "created"])
    op.create_index("runs_session", "runs", ["session"])
    op.create_index("runs_status", "runs", ["status"])
    op.create_table(
        "events",
        _text("run"),
        _integer("seq"),
        _workspace(),
        _integer("at"),
        _text("type"),
        _text("path"),
        _integer("attempt"),
        _text("data", null=True),
        sa.PrimaryKeyConstraint("run", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "effects",
        _text("run"),
        _text("key"),
        _workspace(),
        _text("path"),
        _text("tool"),
        _text("class"),
        _text("state"),
        _text("result", null=True),
        _integer("at"),
        sa.PrimaryKeyConstraint("run", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "waits",
        _text("run"),
        _text("id"),
        _workspace(),
        _text("path"),
        _text("kind"),
        _text("request"),
        _text("answer", null=True),
        _text("by", null=True),
        _integer("at"),
        _integer("deadline", null=True),
        sa.PrimaryKeyConstraint("run", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoints",
        _text("thread_id"),
        _text("checkpoint_ns"),
        _text("checkpoint_id"),
        _text("parent_id", null=True),
        _text("type"),
        _blob("checkpoint"),
        _text("metadata"),
        sa.PrimaryKeyConstraint("thread_id", "checkpoint_ns", "checkpoint_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoint_writes",
        _text("thread_id"),
        _text("checkpoint_ns"),
        _text("checkpoint_id"),
        _text("task_id"),
        _integer("idx"),
        _text("task_path"),
        _text("channel"),
        _text("type"),
        _blob("value"),
        sa.PrimaryKeyConstraint("thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx"),
        sqlite_with_rowid=False,
    )


def _conversations() -> None:
    """Requests, conversations and the state that outlives a run."""
    op.create_table(
        "idempotency",
        _workspace(),
        _text("key"),
        _text("body_hash"),
        _text("run"),
        _integer("created"),
        sa.PrimaryKeyConstraint("workspace", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        _workspace(),
        _text("id"),
        _text("app"),
        _text("principal"),
        _integer("created"),
        _integer("updated"),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.create_index("sessions_app", "sessions", ["workspace", "app", "updated"])
    op.create_table(
        "messages",
        _workspace(),
        _text("session"),
        _integer("seq"),
        _text("role"),
        _text("content"),
        _text("run", null=True),
        _integer("at"),
        sa.PrimaryKeyConstraint("workspace", "session", "seq"),
    )
    op.create_table(
        "state_values",
        _workspace(),
        _text("scope"),
        _text("owner"),
        _text("key"),
        _text("value"),
        _text("label", null=True),
        sa.PrimaryKeyConstraint("workspace", "scope", "owner", "key"),
        sqlite_with_rowid=False,
    )


def _assets() -> None:
    """Apps and what they are made of."""
    op.create_table(
        "bundles",
        _text("digest"),
        _workspace(),
        _blob("content"),
        _integer("created"),
        sa.PrimaryKeyConstraint("digest", "workspace"),
    )
    op.create_table(
        "artifacts",
        _text("id"),
        _workspace(),
        _text("name"),
        _text("media_type"),
        _integer("size"),
        _text("label", null=True),
        _integer("created"),
        sa.PrimaryKeyConstraint("id", "workspace", "name"),
    )
    op.create_table(
        "secrets",
        _workspace(),
        _text("name"),
        _blob("nonce"),
        _blob("value"),
        _integer("created"),
        _integer("updated"),
        sa.PrimaryKeyConstraint("workspace", "name"),
    )
    op.create_table(
        "keys",
        _text("id"),
        _workspace(),
        _text("kind"),
        _text("name"),
        _text("hash"),
        _text("scopes", default="[]"),
        _text("app", null=True),
        _integer("created"),
        _integer("expires", null=True),
        _integer("revoked", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_table(
        "apps",
        _workspace(),
        _text("id"),
        _text("name"),
        _text("digest"),
        _integer("revision", default="0"),
        _integer("created"),
        _integer("updated"),
        _text("origin", null=True),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.create_table(
        "app_ops",
        _workspace(),
        _text("app"),
        _integer("rev"),
        _text("client"),
        _integer("seq"),
        _text("op"),
        _integer("at"),
        sa.PrimaryKeyConstraint("workspace", "app", "rev"),
        sa.UniqueConstraint("workspace", "app", "client", "seq"),
    )
