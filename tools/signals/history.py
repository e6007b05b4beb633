"""Sensor histories: times as ISO 8601 UTC on the outside, seconds since 1970 on the inside, and CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..errors import HistoryInvalid
from .detection import Floats

__all__ = ["FEWEST_READINGS", "History", "arranged", "enough", "iso", "read_csv", "seconds"]

History = tuple[Floats, Floats]
"""Times, s, and readings, NaN where missing, each of shape (n,), in order of time."""

FEWEST_READINGS = 20
MOST_READINGS = 2_000_000
TIME_NAMES = ("timestamp", "time", "datetime", "date", "时间", "时间戳", "日期")
VALUE_NAMES = ("value", "reading", "temperature", "vibration", "值", "数值", "读数", "温度", "振动")
MISSING = frozenset({"", "nan", "null", "none", "na", "n/a", "-"})


def iso(time: float) -> str:
    """Return a time, s since 1970, as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(round(time), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    """Return an ISO 8601 time (without a zone: UTC), or seconds since 1970, as s since 1970.

    Raises:
        ValueError: It is neither.
    """
    text = text.strip().replace("/", "-")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return float(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def arranged(times: Sequence[str], values: Iterable[float | None], *, where: str) -> History:
    """Return times and readings as arrays in order of time.

    Raises:
        HistoryInvalid: A time cannot be read, or the lengths differ.
    """
    readings = np.array([np.nan if value is None else value for value in values], np.float64)
    if len(times) != len(readings):
        raise HistoryInvalid(f"There are {len(times)} times and {len(readings)} values.", where=where)
    clock = np.empty(len(times))
    for index, text in enumerate(times):
        try:
            clock[index] = seconds(text)
        except ValueError as error:
            raise _no_time(text, f"{where}, reading {index + 1}") from error
    order = np.argsort(clock, kind="stable")
    return clock[order], readings[order]


def read_csv(path: Path, *, time_column: str = "", value_column: str = "") -> History:
    """Read a sensor history from a CSV file with a header line.

    Args:
        path: The file, in UTF-8 or GB 18030, with commas, semicolons or tabs.
        time_column: Name of the column with the times; found by its name or place when empty.
        value_column: Name of the column with the readings; found by its name or place when empty.

    Raises:
        HistoryInvalid: The file cannot be read, a column is missing, a field is not a number or a time, or there are
            fewer than 20 readings.
    """
    lines = _text(path).splitlines()
    delimiter = max(",;\t", key=lines[0].count) if lines else ","
    nothing: list[str] = []
    rows = csv.reader(lines, delimiter=delimiter)
    header = [name.strip() for name in next(rows, nothing)]
    time = _column(header, time_column, TIME_NAMES, 0, path)
    value = _column(header, value_column, VALUE_NAMES, 1, path)
    times: list[float] = []
    values: list[float] = []
    for row in rows:
        if any(field.strip() for field in row):
            times.append(_time(row, time, header, rows.line_num, path))
            values.append(_value(row, value, header, rows.line_num, path))
        if len(values) > MOST_READINGS:
            raise HistoryInvalid(f"There are more than {MOST_READINGS:,} readings.", where=path.name, fix="Send fewer.")
    enough(values, path.name)
    order = np.argsort(times, kind="stable")
    return np.array(times)[order], np.array(values)[order]


def enough(values: Sequence[float] | Floats, where: str) -> None:
    """Raise `HistoryInvalid` where fewer than 20 readings are there."""
    found = int(np.isfinite(np.asarray(values, np.float64)).sum())
    if found < FEWEST_READINGS:
        raise HistoryInvalid(
            f"There are {found} readings; {FEWEST_READINGS} are the fewest.",
            where=where,
            fix="Send a longer history; ten days or more are judged best.",
        )


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise HistoryInvalid(f"The file cannot be read: {error.strerror}.", where=path.name) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise HistoryInvalid("The file is not text.", where=path.name, fix="Save it as CSV in UTF-8.")


def _column(header: list[str], asked: str, known: tuple[str, ...], place: int, path: Path) -> int:
    """Return the index of the column that was asked for, has a known name or, of two columns, stands in its place."""
    lower = [name.lower() for name in header]
    for name in (asked.lower(),) if asked else known:
        if name in lower:
            return lower.index(name)
    if not asked and len(header) == 2:
        return place
    kind = ("time_column", "value_column")[place]
    raise HistoryInvalid(
        f"There is no column {asked or known[0]!r}; the columns are {', '.join(map(repr, header)) or 'none'}.",
        where=f"{path.name}, line 1",
        fix=f"Name the right one as {kind!r}, or rename it to {known[0]!r} in the file.",
    )


def _time(row: list[str], column: int, header: list[str], line: int, path: Path) -> float:
    text = row[column] if column < len(row) else ""
    try:
        return seconds(text)
    except ValueError as error:
        raise _no_time(text, f"{path.name}, line {line}, column {header[column]!r}") from error


def _value(row: list[str], column: int, header: list[str], line: int, path: Path) -> float:
    text = row[column].strip() if column < len(row) else ""
    if text.lower() in MISSING:
        return np.nan
    try:
        return float(text)
    except ValueError as error:
        raise HistoryInvalid(
            f"{text[:40]!r} is not a number.",
            where=f"{path.name}, line {line}, column {header[column]!r}",
            fix="Write a number with a decimal point, or leave the field empty where the reading is missing.",
        ) from error


def _no_time(text: str, where: str) -> HistoryInvalid:
    return HistoryInvalid(
        f"{text[:40]!r} is not a time.", where=where, fix="Write times as ISO 8601, such as 2025-01-31T08:00:00Z."
    )
