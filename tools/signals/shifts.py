"""How far each sensor of a machine has moved from its first week, at like operating conditions.

What a reading owes to load and hall temperature is fitted on the movements within each day, where a developing fault
hardly shows, and subtracted (ISO 17359: compare like operating conditions only). The shift is the median of the last
days less that of the first week, in robust standard deviations of the daily medians (ISO 13373-1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from .detection import DAY, SIGMA_PER_MAD, Floats

__all__ = ["AMBIENT", "BASELINE", "LOAD", "RECENT", "Channels", "days_of", "shifts"]

Channels: TypeAlias = Mapping[str, tuple[Floats, Floats]]
"""Per sensor the times, s, on one clock, and the readings, each of shape (n,)."""

LOAD, AMBIENT = "load", "ambient_temperature"

HOUR = 3600.0
BASELINE = 7  # days: a working week, the shortest time that holds every regular duty
RECENT = 5  # days: long enough for a median to ignore two odd ones
MEASURED = 6  # fewest hours of a day that give its median
RESPONSE = 4  # hours of past load that a temperature answers to, about two thermal time constants of a bearing
RECOVERY = 12  # hours left out after a stop, five thermal time constants of an oil sump


def shifts(channels: Channels) -> dict[str, float]:
    """Measure how far each sensor has moved from its first week, in robust standard deviations of its daily medians.

    Args:
        channels: Per sensor the times (s, one clock for all) and the readings, each of shape (n,).

    Returns:
        The signed shift of each sensor that has readings both in the first week and in the last days.
    """
    days = days_of(channels)
    if days < BASELINE + RECENT:
        return {}
    series = {name: _hourly(times - _start(channels), values, days * 24) for name, (times, values) in channels.items()}
    conditions, running = [_filled(series.pop(AMBIENT))] if AMBIENT in series else [], np.ones(days * 24, bool)
    if LOAD in series:
        load = _filled(series.pop(LOAD))
        stopped = np.flatnonzero(load < 0.5 * np.median(load))
        running[(stopped[:, None] + np.arange(RECOVERY)).ravel().clip(0, days * 24 - 1)] = False
        past = np.convolve(np.pad(load, (RESPONSE, 0), mode="edge"), np.ones(RESPONSE) / RESPONSE, "valid")
        conditions += [load, past[: days * 24].astype(np.float64)]
    moved = {name: _shift(_compensated(np.where(running, y, np.nan), conditions)) for name, y in series.items()}
    return {name: shift for name, shift in moved.items() if np.isfinite(shift)}


def _start(channels: Channels) -> float:
    return min((float(times.min()) for times, _ in channels.values()), default=0.0)


def days_of(channels: Channels) -> int:
    """Return how many days the histories span, rounded."""
    end = max((float(times.max()) for times, _ in channels.values()), default=0.0)
    return round((end - _start(channels)) / DAY)


def _hourly(times: Floats, values: Floats, hours: int) -> Floats:
    """Return the median of each hour, NaN without readings, shape (hours,)."""
    keep = np.isfinite(values) & (times < hours * HOUR)
    hour, values = (times[keep] // HOUR).astype(int), values[keep]
    ranked = values[np.lexsort((values, hour))]
    filled, start, count = np.unique(hour, return_index=True, return_counts=True)
    medians = np.full(hours, np.nan)
    medians[filled] = (ranked[start + (count - 1) // 2] + ranked[start + count // 2]) / 2
    return medians


def _filled(series: Floats) -> Floats:
    known = np.flatnonzero(np.isfinite(series))
    return np.interp(np.arange(len(series)), known, series[known]).astype(np.float64)


def _compensated(series: Floats, conditions: list[Floats]) -> Floats:
    """Subtract the least-squares answer to the operating conditions, fitted on the movements within each day."""
    known = np.isfinite(series)
    if not conditions or known.sum() < 24:
        return series
    columns = np.stack([*conditions, series], axis=1)
    table = np.where(known[:, None], columns, 0.0).reshape(-1, 24, columns.shape[1])
    means = table.sum(1) / np.maximum(known.reshape(-1, 24).sum(1), 1)[:, None]
    within = (columns - np.repeat(means, 24, axis=0))[known]
    slopes = np.asarray(np.linalg.lstsq(within[:, :-1], within[:, -1], rcond=None)[0], np.float64)
    return series - columns[:, :-1] @ slopes


def _shift(series: Floats) -> float:
    """Return the shift of an hourly series, NaN where it has too few readings."""
    table = series.reshape(-1, 24)
    days = np.full(len(table), np.nan)
    measured = np.isfinite(table).sum(1) >= MEASURED
    days[measured] = np.nanmedian(table[measured], axis=1)
    known = np.isfinite(days)
    apart = np.abs(days[RECENT:] - days[:-RECENT])[known[RECENT:] & known[:-RECENT]]
    if min(known[:BASELINE].sum(), len(apart)) < RECENT or not known[-RECENT:].any():
        return float("nan")
    scale = SIGMA_PER_MAD * float(np.median(apart)) / 2**0.5
    change = float(np.nanmedian(days[-RECENT:]) - np.nanmedian(days[:BASELINE]))
    return change / scale if scale else float("nan")
