"""Fault diagnosis of a machine from the histories of its sensors: symptom matrix and matched filter.

1. Operation is taken out: what a reading owes to load and hall temperature is fitted on the movements within each day,
   where a developing fault hardly shows, and subtracted (ISO 17359: compare like operating conditions only).
2. The *shift* of a sensor is the median of its last days less that of its first week, in robust standard deviations of
   its daily medians (ISO 13373-1: change against the machine's own baseline).
3. Each fault has a row of expected symptoms (ISO 13379-1: fault/symptom matrix). The shifts are projected on the rows,
   a matched filter. If the largest projection may be chance, the machine is healthy; else the row at the smallest angle
   to the shifts names the fault. For the angle large shifts are damped, lest one symptom outshout all others.
4. Faults are told apart only if half of the matrix is measured. One temperature alone says `overheating` or `cooling`
   and lists what is consistent with it.

A machine is called healthy when nothing in it looks like a fault of the matrix. The first week has to be healthy.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from .detection import MAD_EFFICIENCY, Floats, detect
from .shifts import RECENT, Channels, days_of, shifts
from .symptoms import SYMPTOMS, Rows

__all__ = ["COOLING", "HEALTHY", "OVERHEATING", "SENSOR_FAULT", "UNDETERMINED", "diagnose"]


HEALTHY, UNDETERMINED = "healthy", "undetermined"
OVERHEATING, COOLING, SENSOR_FAULT = "overheating", "cooling", "sensor_fault"

ALPHA = 0.01  # chance to call a healthy machine faulty, shared by all faults of the matrix (Bonferroni)
COVERAGE = 0.5  # share of the matrix, by squared strength, that must be measured to tell the faults apart


def diagnose(equipment: str, channels: Channels) -> list[tuple[str, float]]:
    """Rank what may be wrong with a machine.

    Args:
        equipment: `pump`, `motor` or `gearbox`.
        channels: Per sensor the times (s, one clock for all) and the readings, each of shape (n,). `load` and
            `ambient_temperature` are the operating conditions. A name that is no sensor of `SYMPTOMS`, such as
            `temperature`, stands for every sensor that ends with it.

    Returns:
        Verdicts with scores from 0 to 1 in falling order. The first is the answer: `healthy`, a fault of
        `SYMPTOMS[equipment]`, or, where the sensors cannot tell faults apart, `overheating`, `cooling`, `sensor_fault`
        or `undetermined`, followed by the faults that are consistent with the readings.

    Raises:
        KeyError: No such equipment.
    """
    rows = SYMPTOMS[equipment]
    channels = {name: (times, values) for name, (times, values) in channels.items() if np.isfinite(values).any()}
    lone = [_from_alarms(rows, name, *series) for name, series in channels.items() if len(channels) == 1]
    if lone and lone[0][0][0] not in (HEALTHY, UNDETERMINED):
        return lone[0]
    found = shifts(channels)
    if not found:
        return lone[0] if lone else [(UNDETERMINED, 1.0)]
    matrix, limit = _matrix(rows, list(found)), _limit(len(rows), days_of(channels))
    projections = matrix @ np.array(list(found.values())) / np.maximum(np.linalg.norm(matrix, axis=1), 1.0)
    evidence = max(float(projections.max()), 0.0) / limit
    if evidence < 1:
        return lone[0] if lone else [(HEALTHY, 1 - evidence**2 / 2)]
    return _ranked(rows, {name: shift / limit for name, shift in found.items()}, evidence)


def _from_alarms(rows: Rows, sensor: str, times: Floats, values: Floats) -> list[tuple[str, float]]:
    """Judge a lone sensor by its alarms, which need not be at the end of its history."""
    alarms = detect(times, values)
    levels = [alarm for alarm in alarms if alarm.kind in ("high", "low")]
    if levels:
        worst = max(levels, key=lambda alarm: alarm.score)
        return _ranked(rows, {sensor: worst.score if worst.kind == "high" else -worst.score}, worst.score)
    if any(_stuck(values[(times >= alarm.start) & (times <= alarm.end)]) for alarm in alarms):
        return [(SENSOR_FAULT, 1.0)]
    return [(UNDETERMINED if alarms else HEALTHY, 1.0)]


def _stuck(values: Floats) -> bool:
    """Tell whether most of the readings of an alarm, whose edges may reach into the normal, are one and the same."""
    return bool(len(values) > 1 and 2 * np.unique(values, return_counts=True)[1].max() > len(values))


def _ranked(rows: Rows, found: Mapping[str, float], evidence: float) -> list[tuple[str, float]]:
    """Rank the faults by the cosine between their rows and the damped shifts, which are given in limits."""
    shift = np.array(list(found.values()))
    damped = np.sign(shift) * np.log1p(np.abs(shift))
    matrix, lengths = (
        _matrix(rows, list(found)),
        np.array([np.linalg.norm(list(row.values())) for row in rows.values()]),
    )
    cosines = np.maximum(matrix @ damped / (lengths * np.linalg.norm(damped)), 0.0)
    certainty = 1 - 1 / (2 * evidence**2)
    verdicts = {HEALTHY: 1 - certainty}
    if cosines.max() > 0 and (matrix**2).sum() >= COVERAGE * (lengths**2).sum():
        cosines /= cosines.max()
    else:
        sensor, change = max(found.items(), key=lambda item: abs(item[1]))
        heat = OVERHEATING if change > 0 else COOLING
        verdicts[heat if sensor.endswith("temperature") else UNDETERMINED] = certainty
    verdicts |= {fault: certainty * float(cosine) for fault, cosine in zip(rows, cosines, strict=True) if cosine > 0}
    return sorted(verdicts.items(), key=lambda verdict: -verdict[1])


def _matrix(rows: Rows, sensors: list[str]) -> Floats:
    """Return the symptoms of all faults at the given sensors, shape (faults, sensors)."""
    known = {sensor for row in rows.values() for sensor in row}

    def strength(row: Mapping[str, float], sensor: str) -> float:
        alike = [sensor] if sensor in known else [name for name in row if name.endswith(sensor)]
        return max((row.get(name, 0.0) for name in alike), key=abs, default=0.0)

    return np.array([[strength(row, sensor) for sensor in sensors] for row in rows.values()])


def _limit(faults: int, days: int) -> float:
    """Return the Student-t quantile (Abramowitz & Stegun 26.7.5) that chance exceeds on any fault as `ALPHA` says."""
    z, f = NormalDist().inv_cdf(1 - ALPHA / faults), MAD_EFFICIENCY * (days - RECENT)
    return z + (z**3 + z) / (4 * f) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * f**2)
