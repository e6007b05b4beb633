from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runtime.models.failures import failure_of_event, seconds_of

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("Thu, 01 Jan 2026 12:00:30 -0000", 30.0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_of(header, NOW) == seconds


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        ({"message": "x", "code": 429}, "BG823", 429),
        ({"message": "x", "code": "400"}, "BG825", 400),
        ({"message": "x", "code": "server_error"}, "BG823", 500),
        ("overloaded", "BG823", 500),
    ],
)
def test_events_of_errors_have_a_kind(error: dict[str, str | int] | str, code: str, status: int) -> None:
    found = failure_of_event(dict(error) if isinstance(error, dict) else error, where="remote/a")
    assert (found.code, found.details["status"]) == (code, status)
