"""Batches as clients give and see them."""

from __future__ import annotations

from typing import Any, Final

from ...base.durations import seconds
from ...base.errors import Json
from ...storage import BatchRow, Database
from ..errors import ParameterInvalid
from .batch_answers import ENDPOINTS
from .bodies import Lenient
from .requests import refuse_unknown
from .response_bodies import Metadata

__all__ = ["BatchBody", "check_batch", "show_batch"]

_TIMES: Final = (
    "in_progress_at", "finalizing_at", "completed_at", "failed_at", "expired_at", "cancelling_at", "cancelled_at",
)  # fmt: skip
_SHORTEST: Final = 60.0
_LONGEST: Final = 30 * 86_400.0


class BatchBody(Lenient):
    """The body of `batches`."""

    input_file_id: str
    endpoint: str
    completion_window: str
    metadata: Metadata | None = None


def check_batch(body: BatchBody) -> float:
    """Return the seconds that a batch may take.

    Raises:
        ParameterInvalid: It asks for what is wrong, or not supported here.
    """
    refuse_unknown(body, (), {"output_expires_after": (None,)})
    if body.endpoint not in ENDPOINTS:
        raise ParameterInvalid(f"`endpoint` is one of {', '.join(ENDPOINTS)}.", where="endpoint")
    try:
        window = seconds(body.completion_window)
    except ValueError:
        window = 0.0
    if not _SHORTEST <= window <= _LONGEST:
        raise ParameterInvalid("`completion_window` is a time such as 24h, at most 30d.", where="completion_window")
    return window


async def show_batch(batch: BatchRow, database: Database) -> dict[str, Any]:
    """Return a batch as it is shown."""
    body = batch.body
    counts = body if "done" in body else await database.batches.counts(batch.id)
    told: dict[str, Json] = {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "errors": body.get("errors"),
        "input_file_id": body["input_file_id"],
        "completion_window": body["completion_window"],
        "status": batch.status,
        "output_file_id": body.get("output_file_id"),
        "error_file_id": body.get("error_file_id"),
        "created_at": batch.created // 1000,
        "expires_at": batch.expires // 1000,
        **{name: body.get(name) for name in _TIMES},
        "request_counts": {
            "total": body.get("total", 0),
            "completed": counts.get("done", 0),
            "failed": counts.get("failed", 0),
        },
        "metadata": body["metadata"],
    }
    return told
