"""Anomaly detection in one sensor history: a robust Shewhart median-and-range chart over operating days.

Each moving *subgroup* (a day of readings) has a median (chart of location) and a log range (chart of dispersion). It is
out of control when one lies further from the centre line than a limit that follows from the record itself. Location
answers to shifts, drifts and stops, dispersion to spikes, dropouts, noisy and stuck sensors. A daily cycle lies inside
every subgroup and needs no model; a weekly one is removed where the record proves it. More than half of the record must
be normal.

Sources: Shewhart 1931, ISO 7870-2 (control charts, rational subgroups); Iglewicz & Hoaglin 1993 (MAD, mean absolute
deviation where it is zero); Rosner 1983, Hochenbaum et al. 2017 (Student-t limit for the most extreme of n scores);
Rousseeuw & Croux 1993 (efficiency of the MAD); Wang, Smith & Hyndman 2006 (strength of seasonality).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view as windows
from numpy.typing import NDArray

__all__ = ["DAY", "MAD_EFFICIENCY", "SIGMA_PER_MAD", "Alarm", "Floats", "detect"]

Floats: TypeAlias = NDArray[np.float64]
Kind: TypeAlias = Literal["high", "low", "unsteady", "flat"]

DAY = 86_400.0
BINS = 48  # per subgroup: half an hour of a day, the resolution of `start` and `end`
READINGS = 12  # fewest in a subgroup, for a range that is not a matter of luck
SUBGROUPS = 25  # in a record too short for days: from 20 to 25 on, textbooks trust the limits (Montgomery)
FEWEST = 10  # subgroups to judge at all; the limit allows for their small number, as in Hillier 1969
ALPHA = 0.05  # chance of any false alarm in a clean record, shared by all subgroups of both charts (Bonferroni)
MAD_EFFICIENCY = 0.37  # at the normal distribution: n values fix the MAD as well as 0.37 n fix a standard deviation
SEASONAL_STRENGTH = 0.64  # a cycle counts when it explains this share of the spread (default of R `forecast::nsdiffs`)
SIGMA_PER_MAD, SIGMA_PER_MEAN = 1.4826, 1.2533  # normal distribution
KINDS: tuple[Kind, ...] = ("high", "low", "unsteady", "flat")


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """One contiguous anomalous stretch.

    Attributes:
        start: Time of the first anomalous reading, s.
        end: Time of the last anomalous reading, s.
        peak: Time of the reading in between that is furthest from the median of the record, s.
        score: Largest distance from a centre line, in control limits; above 1.
        kind: Symptom at that place: level `high` or `low`, readings `unsteady` or `flat`.
    """

    start: float
    end: float
    peak: float
    score: float
    kind: Kind


def detect(times: Floats, values: Floats) -> list[Alarm]:
    """Find the anomalous stretches of a sensor history.

    Args:
        times: Time of each reading, s, in any order, with gaps, shape (n,).
        values: Readings in any unit, NaN where missing, shape (n,).

    Returns:
        Alarms in order of time; stretches less than one subgroup (a day) apart are one alarm. A record of less than
        `FEWEST * READINGS` readings raises none.
    """
    keep = np.isfinite(times) & np.isfinite(values)
    times, first = np.unique(times[keep], return_index=True)
    values = values[keep][first]
    if len(times) < FEWEST * READINGS or np.ptp(values) == 0:
        return []
    step, span = float(np.median(np.diff(times))), float(np.ptp(times))
    subgroup = max(DAY if span >= FEWEST * DAY else span / SUBGROUPS, READINGS * step)
    size = int(min(BINS, subgroup / step))
    place = ((times - times[0]) * size / subgroup).astype(int)
    bins = _binned(place, values)
    resolution = float(np.diff(np.unique(values)).min())
    charts = _charts(bins, size, resolution, week=round(7 * DAY * size / subgroup), limit=_limit(span / subgroup))
    return _alarms(times, np.abs(values - np.median(values)), _scores(bins, size, *charts)[:, place], subgroup)


def _charts(bins: Floats, size: int, resolution: float, *, week: int, limit: float) -> tuple[Floats, Floats, Floats]:
    """Return the level of each subgroup and its location and dispersion in control limits."""
    median, low, high = bins
    filled = np.isfinite(windows(median, size)).sum(1)
    known = filled * 4 >= 3 * np.median(filled[filled > 0])  # three quarters of a usual subgroup
    level, reach = np.zeros((2, len(known)))
    level[known] = np.nanmedian(windows(median, size)[known], axis=1)
    reach[known] = np.nanmax(windows(high, size)[known], axis=1) - np.nanmin(windows(low, size)[known], axis=1)
    reach = np.log(np.maximum(reach, resolution / 2))  # known to half the resolution of the sensor
    location = _standardised(level, known, week, size) / limit
    return level, location, _standardised(reach, known, week, size) / limit


def _scores(bins: Floats, size: int, level: Floats, location: Floats, dispersion: Floats) -> Floats:
    """Return how far each bin is out of control in each of `KINDS`, shape (kinds, bins)."""
    median, low, high = bins
    scores = np.zeros((len(KINDS), len(median)))
    centre = np.pad(location, (size // 2, size - 1 - size // 2), mode="edge")
    scores[:2] = centre, -centre  # a median speaks for the centre of the subgroup,
    for i in np.flatnonzero(dispersion > 1):  # a wide range for the most extreme reading,
        part = slice(i, i + size)
        extreme = i + np.nanargmax(np.fmax(high[part] - level[i], level[i] - low[part]))
        scores[2, extreme] = max(scores[2, extreme], dispersion[i])
    for i in np.flatnonzero(dispersion < -1):  # a narrow one for all readings
        scores[3, i : i + size] = np.maximum(scores[3, i : i + size], -dispersion[i])
    return scores


def _binned(place: NDArray[np.int_], values: Floats) -> Floats:
    """Return median, lowest and highest of the values at each place, NaN where there are none, shape (3, places)."""
    ranked = values[np.lexsort((values, place))]
    filled, start, count = np.unique(place, return_index=True, return_counts=True)
    bins = np.full((3, place[-1] + 1), np.nan)
    bins[0, filled] = (ranked[start + (count - 1) // 2] + ranked[start + count // 2]) / 2
    bins[1, filled], bins[2, filled] = ranked[start], ranked[start + count - 1]
    return bins


def _limit(subgroups: float) -> float:
    """Return the control limit, in robust standard deviations: a Student-t quantile (Abramowitz & Stegun 26.7.5)."""
    z, f = NormalDist().inv_cdf(1 - ALPHA / (4 * subgroups)), MAD_EFFICIENCY * subgroups  # 4: two charts, two sides
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * f**3)
    return z + (z**3 + z) / (4 * f) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * f**2) + third


def _standardised(statistic: Floats, known: NDArray[np.bool_], week: int, size: int) -> Floats:
    """Return robust z-scores of a chart's statistic, 0 where it is unknown, less its weekly cycle if it has one."""
    centred = np.where(known, statistic - np.median(statistic[known]), 0.0)
    excess = spread = centred
    if len(centred) >= 4 * week:
        phase, odd = np.arange(len(centred)) % week, np.arange(len(centred)) // week % 2 == 1
        foreseen = np.where(odd, _cycle(centred[~odd], week)[phase], _cycle(centred[odd], week)[phase])
        if np.abs(centred - foreseen).mean() ** 2 < (1 - SEASONAL_STRENGTH) * np.abs(centred).mean() ** 2:
            cycle = _cycle(centred, week)
            around = windows(np.pad(cycle, size // 2, mode="wrap"), size // 2 * 2 + 1)  # half a subgroup early or late
            spread = centred - cycle[phase]
            excess = centred - np.clip(centred, around.min(1)[phase], around.max(1)[phase])
    spread = np.abs(spread[known])
    return excess * known / (SIGMA_PER_MAD * np.median(spread) or SIGMA_PER_MEAN * spread.mean() or np.inf)


def _cycle(series: Floats, period: int) -> Floats:
    """Return the median of each phase of the period over all cycles of the series, shape (period,)."""
    table = np.pad(series, (0, -len(series) % period), constant_values=np.nan)
    return np.nanmedian(table.reshape(-1, period), axis=0)


def _alarms(times: Floats, distance: Floats, scores: Floats, gap: float) -> list[Alarm]:
    """Join the readings beyond a limit into alarms, `gap` seconds apart or more."""
    beyond = np.flatnonzero(scores.max(0) > 1)
    alarms: list[Alarm] = []
    for part in np.split(beyond, np.flatnonzero(np.diff(times[beyond]) >= gap) + 1) if len(beyond) else []:
        first, last = int(part[0]), int(part[-1])
        most, peak = scores[:, first : last + 1].max(1), float(times[first + distance[first : last + 1].argmax()])
        start, end, kind = float(times[first]), float(times[last]), KINDS[int(most.argmax())]
        alarms.append(Alarm(start=start, end=end, peak=peak, score=float(most.max()), kind=kind))
    return alarms
