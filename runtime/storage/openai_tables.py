"""The tables of what clients of the OpenAI-compatible interface leave here."""

from __future__ import annotations

from sqlalchemy import Index

from .columns import KEYED, Table, integer, text, workspace_column

__all__ = ["Batch", "BatchLine", "File", "Response"]


class Response(Table, table=True):
    """An answer of the OpenAI-compatible interface that a client can go on from: its body, and what it was asked."""

    __table_args__ = (Index("responses_created", "created"),)

    id: str = text(key=True)
    workspace: str = workspace_column()
    previous: str | None = text()
    body: str = text()
    input: str = text()
    created: int = integer()


class File(Table, table=True):
    """A file of the OpenAI-compatible interface; its content is an artifact."""

    __table_args__ = (Index("files_created", "workspace", "created"), KEYED)

    id: str = text(key=True)
    workspace: str = workspace_column()
    purpose: str = text()
    name: str = text()
    artifact: str = text()
    size: int = integer()
    created: int = integer()


class Batch(Table, table=True):
    """Requests that are answered when there is time; `worker` has it until `lease_until`, `artifact` is its input."""

    __tablename__ = "batches"  # pyright: ignore[reportAssignmentType] the plural is not the usual one
    __table_args__ = (Index("batches_created", "workspace", "created"), Index("batches_status", "status"), KEYED)

    id: str = text(key=True)
    workspace: str = workspace_column()
    principal: str = text()
    status: str = text()
    endpoint: str = text()
    artifact: str = text()
    body: str = text()
    expires: int = integer()
    worker: str | None = text()
    lease_until: int = integer(default=0)
    created: int = integer()


class BatchLine(Table, table=True):
    """What became of a line of a batch; `state` is `done` or `failed`."""

    batch: str = text(key=True)
    line: int = integer(key=True)
    workspace: str = workspace_column()
    state: str = text()
    result: str = text()
