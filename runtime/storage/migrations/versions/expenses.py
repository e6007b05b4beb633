"""What was spent, by day, app and user."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "expenses",
        sa.Column("workspace", sa.Text(), nullable=False, server_default="main"),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("usd", sa.Double[float](), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("tool_calls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "day", "app", "principal"),
        sqlite_with_rowid=False,
    )
