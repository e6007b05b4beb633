from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tools.signals.detection import DAY, Alarm, Floats, detect
from tools.signals.history import read_csv, seconds


def _record(seed: int = 5, days: int = 30) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    times = np.arange(0.0, days * DAY, 600.0)
    return times, 60 + 3 * np.sin(2 * np.pi * times / DAY) + random.normal(0, 1, len(times))


def _merged(alarms: list[Alarm]) -> list[tuple[float, float]]:
    """Join alarms less than 24 h apart, as the benchmark counts them."""
    merged: list[tuple[float, float]] = []
    for alarm in alarms:
        if merged and alarm.start - merged[-1][1] < DAY:
            merged[-1] = merged[-1][0], max(merged[-1][1], alarm.end)
        else:
            merged.append((alarm.start, alarm.end))
    return merged


def test_the_machine_temperature_benchmark(test_data: Path) -> None:
    times, values = read_csv(test_data / "nab" / "machine_temperature_system_failure.csv")
    labels = json.loads((test_data / "nab" / "windows.json").read_text())
    windows = [(seconds(a), seconds(b)) for a, b in next(iter(labels.values()))]
    alarms = _merged(detect(times, values))
    sound = [one for one in alarms if one[1] - one[0] <= 5 * DAY]
    hit = [any(start <= b and end >= a for start, end in sound) for a, b in windows]
    false = [one for one in sound if not any(one[0] <= b and one[1] >= a for a, b in windows)]
    assert len(windows) == 4
    assert sum(hit) >= 3
    assert len(false) + len(alarms) - len(sound) <= 3
    assert sum(end - start for start, end in alarms) <= 0.1 * (times[-1] - times[0])
    assert datetime.fromisoformat("2013-12-02T21:15:00+00:00").timestamp() == times[0]


def test_a_clean_record_raises_no_alarm() -> None:
    assert detect(*_record()) == []


@pytest.mark.parametrize(("change", "kind"), [(8.0, "high"), (-8.0, "low")])
def test_a_shift_is_found_where_it_is(change: float, kind: str) -> None:
    times, values = _record()
    values[(times >= 20 * DAY) & (times < 22 * DAY)] += change
    (alarm,) = detect(times, values)
    assert abs(alarm.start - 20 * DAY) <= DAY
    assert abs(alarm.end - 22 * DAY) <= DAY
    assert alarm.start <= alarm.peak <= alarm.end
    assert alarm.kind == kind
    assert alarm.score > 1


def test_a_spike_and_a_stuck_sensor_are_found() -> None:
    times, values = _record()
    values[1000] += 40
    stuck = (times >= 24 * DAY) & (times < 25.5 * DAY)
    values[stuck] = values[np.flatnonzero(stuck)[0]]
    spike, flat = detect(times, values)
    assert spike.peak == times[1000]
    assert flat.kind == "flat"


def test_order_and_missing_readings_do_not_matter() -> None:
    times, values = _record()
    values[(times >= 20 * DAY) & (times < 22 * DAY)] += 8
    order = np.random.default_rng(1).permutation(len(times))
    holed = np.append(times, 3 * DAY + 1), np.append(values, np.nan)
    assert detect(times[order], values[order]) == detect(times, values) == detect(*holed)


def test_alarms_come_in_order_and_a_day_apart() -> None:
    times, values = _record()
    for day in (12, 18, 24):
        values[(times >= day * DAY) & (times < (day + 1) * DAY)] += 9
    alarms = detect(times, values)
    assert len(alarms) == 3
    assert all(later.start - earlier.end >= DAY for earlier, later in pairwise(alarms))


def test_too_little_and_constant_records_are_not_judged() -> None:
    times, values = _record()
    assert detect(times[:100], values[:100]) == []
    assert detect(times, np.full(len(times), 7.0)) == []
