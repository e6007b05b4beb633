from __future__ import annotations

import numpy as np
import pytest

from tools.builtin import plantsim
from tools.signals.detection import DAY
from tools.signals.diagnosis import COOLING, HEALTHY, OVERHEATING, SENSOR_FAULT, UNDETERMINED, diagnose
from tools.signals.evidence import findings
from tools.signals.symptoms import SYMPTOMS

SEEDS = range(731_020, 731_040)


def test_fresh_scenarios_are_diagnosed() -> None:
    kinds = list(plantsim.SENSORS)
    cases = [(kinds[seed % 3], seed) for seed in SEEDS]
    right = [
        diagnose(kind, plantsim.simulate(kind, seed))[0][0] == plantsim.scenario(kind, seed).fault
        for kind, seed in cases
    ]
    assert sum(right) >= 18


@pytest.mark.parametrize(("kind", "fault"), [(kind, fault) for kind, rows in SYMPTOMS.items() for fault in rows])
def test_every_fault_can_be_named_with_its_evidence(kind: str, fault: str) -> None:
    seed = next(seed for seed in range(9000, 9100) if plantsim.scenario(kind, seed).severity > 0.7)
    channels = plantsim.simulate(kind, seed, fault)
    verdicts = diagnose(kind, channels)
    assert verdicts[0][0] == fault
    assert [score for _, score in verdicts] == sorted((score for _, score in verdicts), reverse=True)
    first = findings(kind, fault, channels)[0]
    assert first.shift * SYMPTOMS[kind][fault][first.sensor] > 0
    assert (first.recent - first.baseline) * first.shift > 0


@pytest.mark.parametrize("kind", list(plantsim.SENSORS))
def test_a_healthy_machine_is_healthy(kind: str) -> None:
    assert diagnose(kind, plantsim.simulate(kind, 8123, HEALTHY))[0][0] == HEALTHY


@pytest.mark.parametrize(("change", "verdict"), [(15.0, OVERHEATING), (-15.0, COOLING), (0.0, HEALTHY)])
def test_one_temperature_tells_no_fault_apart(change: float, verdict: str) -> None:
    times = np.arange(0.0, 30 * DAY, 600.0)
    values = np.random.default_rng(3).normal(60, 1, len(times))
    values[times >= 27 * DAY] += change
    found = diagnose("motor", {"temperature": (times, values)})
    assert found[0][0] == verdict
    assert (change <= 0) or {"bearing_wear", "winding_overheating"} <= {fault for fault, _ in found}


def test_a_stuck_sensor_and_too_short_a_history_are_said() -> None:
    times = np.arange(0.0, 30 * DAY, 600.0)
    values = np.random.default_rng(3).normal(60, 1, len(times))
    values[(times >= 20 * DAY) & (times < 22 * DAY)] = 60.0
    assert diagnose("pump", {"vibration_velocity": (times, values)})[0][0] == SENSOR_FAULT
    two = {name: (times[:200], values[:200]) for name in ("flow", "vibration_1x")}
    assert diagnose("pump", two)[0][0] == UNDETERMINED
    assert diagnose("pump", {})[0][0] == UNDETERMINED
