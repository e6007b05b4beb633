from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.types import duration_text, parse_duration, parse_timestamp, timestamp_text


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("2024-05-01T06:00:00Z", "2024-05-01T06:00:00Z"),
        ("2024-05-01T06:00:00+08:00", "2024-04-30T22:00:00Z"),
        ("2024-05-01t06:00:00.250z", "2024-05-01T06:00:00.25Z"),
        ("2024-05-01 06:00:00.123456789-00:30", "2024-05-01T06:30:00.123456Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("2024-02-29T23:59:59.000000Z", "2024-02-29T23:59:59Z"),
    ],
)
def test_timestamps_are_written_in_utc(text: str, normal: str) -> None:
    assert timestamp_text(parse_timestamp(text)) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-05-01",
        "2024-05-01T06:00:00",
        "2024-13-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-05-01T24:00:00Z",
        "2024-05-01T06:00:60Z",
        "0001-01-01T00:00:00+08:00",
        "2024-05-01T06:00:00+99:00",
        "٢٠٢٤-05-01T06:00:00Z",
    ],
)
def test_other_texts_are_no_timestamps(text: str) -> None:
    with pytest.raises(ValueError, match="no "):
        parse_timestamp(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_timestamps_survive(moment: datetime) -> None:
    assert parse_timestamp(timestamp_text(moment)) == moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("2h", 7200),
        ("500ms", 0.5),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("-90s", -90),
        ("1d", 86400),
        ("0s", 0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "90", "s", "1 h", "1w", "--1s", "+1s", "1h-30m", "9" * 200 + "s", "999999999999d"]
)
def test_other_texts_are_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match=r"no duration|too long"):
        parse_duration(text)


@given(st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000)))
def test_durations_survive(span: timedelta) -> None:
    assert abs(parse_duration(duration_text(span)) - span) <= timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("span", "text"),
    [(timedelta(hours=1.5), "5400s"), (timedelta(milliseconds=-250), "-0.25s"), (timedelta(0), "0s")],
)
def test_durations_are_written_in_seconds(span: timedelta, text: str) -> None:
    assert duration_text(span) == text
