"""Which sensors speak for a verdict, and how far each has moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .detection import DAY, Floats
from .shifts import BASELINE, RECENT, Channels, shifts
from .symptoms import SYMPTOMS

__all__ = ["Finding", "findings"]

NOTABLE = 3.0  # robust standard deviations: the classic control limit (Shewhart 1931)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A sensor's signed shift, in robust standard deviations, and its median in the first week and the last days."""

    sensor: str
    shift: float
    baseline: float
    recent: float


def findings(equipment: str, fault: str, channels: Channels) -> list[Finding]:
    """Return the sensors that moved notably: those that the fault explains first, each group by the size of its move.

    Args:
        equipment: `pump`, `motor` or `gearbox`.
        fault: The verdict; one that is no fault of the matrix explains nothing.
        channels: Per sensor the times, s, and the readings, each of shape (n,).
    """
    expected = SYMPTOMS[equipment].get(fault, {})
    moved = [(name, shift) for name, shift in shifts(channels).items() if abs(shift) >= NOTABLE]
    moved.sort(key=lambda one: (one[1] * expected.get(one[0], 0.0) <= 0, -abs(one[1])))
    start = min((float(times[0]) for times, _ in channels.values()), default=0.0)
    end = max((float(times[-1]) for times, _ in channels.values()), default=0.0)
    return [_finding(name, shift, *channels[name], start, end) for name, shift in moved]


def _finding(name: str, shift: float, times: Floats, values: Floats, start: float, end: float) -> Finding:
    first, last = values[times < start + BASELINE * DAY], values[times >= end - RECENT * DAY]
    return Finding(sensor=name, shift=shift, baseline=float(np.nanmedian(first)), recent=float(np.nanmedian(last)))
