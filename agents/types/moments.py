"""Texts of points in time and of durations.

A timestamp is RFC 3339 and is kept in UTC with a `Z`, to the microsecond, without trailing zeros. A duration is a
number and a unit (`ms s m h d`), several of them in a row (`1h30m`), or such a text with a leading minus.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["duration_text", "parse_duration", "parse_timestamp", "timestamp_text"]

_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_DURATION = re.compile(r"-?(?:\d{1,12}(?:\.\d{1,9})?(?:ms|s|m|h|d))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_MICROSECONDS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


def parse_timestamp(text: str) -> datetime:
    """Read an RFC 3339 text; digits past the microsecond are dropped.

    Raises:
        ValueError: The text is no timestamp, or lies outside the years 1 to 9999.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no RFC 3339 timestamp")
    day, clock, fraction, zone = match.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{micros}{zone.upper()}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no point in time") from error


def timestamp_text(moment: datetime) -> str:
    """Return the text of an aware `moment`, for example `2024-05-01T06:00:00.25Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00")
    return text.rstrip("0").rstrip(".") + "Z"


def parse_duration(text: str) -> timedelta:
    """Read a duration.

    Raises:
        ValueError: The text is no duration, or longer than timedelta holds.
    """
    if len(text) > 100 or not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is no duration")
    micros = sum(float(number) * _MICROSECONDS[unit] for number, unit in _PART.findall(text))
    try:
        return timedelta(microseconds=-micros if text.startswith("-") else micros)
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long") from error


def duration_text(span: timedelta) -> str:
    """Return `span` in seconds, for example `5400s` or `-0.25s`."""
    micros = span // timedelta(microseconds=1)
    seconds, rest = divmod(abs(micros), 1_000_000)
    fraction = f".{rest:06}".rstrip("0") if rest else ""
    return f"{'-' if micros < 0 else ''}{seconds}{fraction}s"
