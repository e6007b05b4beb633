"""A simulated plant: pumps, motors and gearboxes whose sensors show a documented fault, or none.

Every machine runs 30 days and is read every 10 minutes. Its load follows the working day, may change to another duty or
stop for some hours; the hall temperature follows the sun and the weather. Each sensor answers to load and hall
temperature (thermal ones with a lag), wanders slowly, is noisy, loses readings and may die. A fault starts at a random
time, grows at a random pace to a random severity and shows each symptom with a random strength; the mildest ones drown
in noise.

Healthy levels lie in zone A or B of ISO 20816-3 and ISO 10816-7 (vibration velocity) and below the temperature limits
of API 610 (bearings), IEC 60034-1 class F (windings) and AGMA 9005 (gear oil). The symptoms follow ISO 13373-3, the
annexes of ISO 17359, the SKF vibration diagnostic guide CM5003, McKee et al. 2011 and 2015 (pump failure modes,
cavitation) and Thomson & Fenger 2001 (rotor bars: sidebands of -55 dB and less are healthy, -45 dB and more are not).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["DAY", "DAYS", "FAULTS", "HEALTHY", "SENSORS", "STEP", "Channels", "Scenario", "scenario", "simulate"]

Floats: TypeAlias = NDArray[np.float64]
Random: TypeAlias = np.random.Generator
Channels: TypeAlias = dict[str, tuple[Floats, Floats]]

HEALTHY = "healthy"
DAY = 86_400.0
STEP = 600.0  # s between readings
DAYS = 30


@dataclass(frozen=True, slots=True)
class Sensor:
    """How a sensor of a healthy machine behaves.

    Attributes:
        unit: Unit of its readings.
        level: Reading at full load and 20 °C.
        load: Exponent of the load; for temperatures the rise above the hall goes with the load to this power.
        noise: Standard deviation of one reading, as a share of the level, or in units where the level is an offset.
        ambient: Reading per degree of hall temperature.
        lag: Thermal time constant, s.
        offset: Whether faults add to the reading (temperatures, decibels) instead of multiplying it.
    """

    unit: str
    level: float
    load: float
    noise: float
    ambient: float = 0.0
    lag: float = 0.0
    offset: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens to one machine: its fault, the start in s, the growth in s and the severity (1 is severe)."""

    fault: str
    onset: float
    growth: float
    severity: float


def _vibration(level: float, noise: float = 0.08, load: float = 0.4, unit: str = "mm/s") -> Sensor:
    return Sensor(unit, level, load, noise)


def _temperature(level: float, load: float = 1.6, hours: float = 1.5) -> Sensor:
    return Sensor("°C", level, load, 0.5, ambient=0.8, lag=hours * 3600, offset=True)


SENSORS: dict[str, dict[str, Sensor]] = {
    "pump": {
        "vibration_velocity": _vibration(1.8),
        "vibration_1x": _vibration(1.0),
        "vibration_vane_pass": _vibration(0.5, 0.12, 0.6),
        "acceleration_hf": _vibration(0.6, 0.12, 0.6, "g"),
        "bearing_envelope": _vibration(0.5, 0.12, 0.3, "gE"),
        "bearing_temperature": _temperature(58),
        "motor_current": Sensor("A", 92, 0.8, 0.015),
        "flow": Sensor("m³/h", 210, 0.9, 0.012),
        "discharge_pressure": Sensor("bar", 6.2, 0.3, 0.01),
        "seal_leakage": Sensor("mL/h", 6, 0.2, 0.2),
    },
    "motor": {
        "vibration_velocity": _vibration(1.4),
        "vibration_1x": _vibration(0.8),
        "vibration_2x": _vibration(0.35, 0.12),
        "vibration_axial": _vibration(0.6, 0.1),
        "bearing_envelope": _vibration(0.4, 0.12, 0.3, "gE"),
        "bearing_temperature": _temperature(62),
        "winding_temperature": _temperature(98, 1.8, 0.8),
        "motor_current": Sensor("A", 178, 0.8, 0.012),
        "current_unbalance": Sensor("%", 1.0, -0.3, 0.1),
        "current_sideband": Sensor("dB", -58, 0.0, 1.5, offset=True),
    },
    "gearbox": {
        "vibration_velocity": _vibration(1.9),
        "vibration_1x": _vibration(0.7),
        "vibration_2x": _vibration(0.4, 0.12),
        "vibration_axial": _vibration(0.7, 0.1),
        "gear_mesh": _vibration(1.1, 0.1, 0.7, "g"),
        "gear_mesh_sidebands": _vibration(0.25, 0.15, 0.5, "g"),
        "bearing_envelope": _vibration(0.5, 0.12, 0.3, "gE"),
        "bearing_temperature": _temperature(66),
        "oil_temperature": _temperature(61, 1.4, 2.5),
        "oil_pressure": Sensor("bar", 2.4, 0.1, 0.015),
        "oil_debris": Sensor("ppm", 18, 0.1, 0.1),
    },
}

# fmt: off
# What a severe fault does: factor on the reading, or degrees / decibels on top of it; "~" makes the reading unsteady.
FAULTS: dict[str, dict[str, dict[str, float]]] = {
    "pump": {
        "cavitation": {"acceleration_hf": 3.0, "vibration_vane_pass": 1.8, "vibration_velocity": 1.5, "flow": 0.92,
                       "discharge_pressure": 0.91, "motor_current": 0.96, "~flow": 4.0, "~discharge_pressure": 4.0},
        "bearing_wear": {"bearing_envelope": 4.0, "acceleration_hf": 1.9, "bearing_temperature": 14.0,
                         "vibration_velocity": 1.4},
        "seal_leak": {"seal_leakage": 7.0, "flow": 0.97, "discharge_pressure": 0.98},
        "impeller_imbalance": {"vibration_1x": 3.5, "vibration_velocity": 2.4, "bearing_temperature": 3.0},
    },
    "motor": {
        "bearing_wear": {"bearing_envelope": 4.0, "bearing_temperature": 15.0, "vibration_velocity": 1.4},
        "misalignment": {"vibration_2x": 4.0, "vibration_axial": 2.8, "vibration_velocity": 1.8, "vibration_1x": 1.3,
                         "bearing_temperature": 5.0},
        "winding_overheating": {"winding_temperature": 28.0, "current_unbalance": 3.5, "motor_current": 1.05,
                                "bearing_temperature": 4.0},
        "rotor_bar": {"current_sideband": 16.0, "vibration_1x": 1.7, "vibration_velocity": 1.3,
                      "winding_temperature": 7.0, "~motor_current": 3.0},
        "unbalance": {"vibration_1x": 3.5, "vibration_velocity": 2.4, "bearing_temperature": 3.0},
    },
    "gearbox": {
        "gear_tooth_wear": {"gear_mesh": 2.6, "gear_mesh_sidebands": 3.5, "oil_debris": 3.5,
                            "vibration_velocity": 1.5, "oil_temperature": 2.0},
        "lubrication_failure": {"oil_pressure": 0.7, "oil_temperature": 14.0, "bearing_temperature": 12.0,
                                "oil_debris": 2.2, "bearing_envelope": 1.6, "gear_mesh": 1.3},
        "bearing_wear": {"bearing_envelope": 4.0, "bearing_temperature": 13.0, "oil_debris": 2.0,
                         "vibration_velocity": 1.3},
        "misalignment": {"vibration_2x": 3.8, "vibration_axial": 2.8, "vibration_velocity": 1.7, "gear_mesh": 1.4,
                         "bearing_temperature": 4.0},
    },
}
# fmt: on


def scenario(equipment: str, seed: int, fault: str | None = None) -> Scenario:
    """Draw what happens to the machine of `seed`; each fault and `healthy` are equally likely unless one is given."""
    random = _random(equipment, seed, 0)
    drawn = str(random.choice([HEALTHY, *FAULTS[equipment]]))
    onset, growth = random.uniform(9 * DAY, 22 * DAY), random.choice([0.1, 1.0]) * random.uniform(1 * DAY, 5 * DAY)
    severity = float(random.uniform(0.1, 1.0))
    return Scenario(drawn if fault is None else fault, float(onset), float(growth), severity)


def simulate(equipment: str, seed: int, fault: str | None = None) -> dict[str, tuple[Floats, Floats]]:
    """Simulate one machine.

    Args:
        equipment: `pump`, `motor` or `gearbox`.
        seed: Number of the machine; the same number gives the same readings.
        fault: Fault of `FAULTS[equipment]` or `healthy`; drawn from the seed when absent.

    Returns:
        Per sensor the times (s) and readings, each of shape (n,); lost readings are absent. `load` (%) and
        `ambient_temperature` (°C) are the operating conditions.

    Raises:
        KeyError: No such equipment or fault.
    """
    story = scenario(equipment, seed, fault)
    symptoms = {} if story.fault == HEALTHY else FAULTS[equipment][story.fault]
    random = _random(equipment, seed, 1)
    times = np.arange(0.0, DAYS * DAY, STEP)
    damage = story.severity * np.clip((times - story.onset) / story.growth, 0.0, 1.0)
    load, ambient = _load(random, times), _ambient(random, times)
    channels = {"load": 100 * load + random.normal(0, 0.5, len(times)), "ambient_temperature": ambient}
    for name, sensor in SENSORS[equipment].items():
        symptom, unrest = symptoms.get(name, 0.0 if sensor.offset else 1.0), symptoms.get(f"~{name}", 1.0)
        strength = random.lognormal(0, 0.25) * damage
        channels[name] = _readings(random, sensor, load, ambient, symptom, unrest, strength)
    return {name: _recorded(random, times, values) for name, values in channels.items()}


def _random(equipment: str, seed: int, stream: int) -> Random:
    return np.random.default_rng([list(SENSORS).index(equipment), seed, stream])


def _load(random: Random, times: Floats) -> Floats:
    """Return the share of full load: working days, one or no change of duty, slow wander, and perhaps a stop."""
    day = 2 * np.pi * (times / DAY - random.uniform(0.3, 0.5))
    load = random.uniform(0.75, 0.9) + random.uniform(0.03, 0.1) * np.cos(day) + 0.02 * _wander(random, times, DAY / 2)
    if random.random() < 0.4:
        load -= random.uniform(0.03, 0.1) * ((times / DAY + random.integers(7)) % 7 >= 5)
    if random.random() < 0.5:
        load += random.choice([-1, 1]) * random.uniform(0.03, 0.1) * (times > random.uniform(0, DAYS * DAY))
    if random.random() < 0.3:
        stop = random.uniform(0, DAYS * DAY)
        load[(times > stop) & (times < stop + random.uniform(2, 8) * 3600)] = 0.0
    return np.clip(load, 0.0, 1.1)


def _ambient(random: Random, times: Floats) -> Floats:
    daily = random.uniform(1, 4) * np.cos(2 * np.pi * (times / DAY - 0.6))
    return random.uniform(14, 26) + daily + 2.0 * _wander(random, times, 3 * DAY)


def _wander(random: Random, times: Floats, memory: float) -> Floats:
    """Return an Ornstein-Uhlenbeck path of unit variance that forgets within `memory` seconds."""
    kernel = _decay(memory)
    kernel /= np.sqrt((kernel**2).sum())
    return np.convolve(random.normal(size=len(times) + len(kernel) - 1), kernel, "valid").astype(np.float64)


def _lagged(values: Floats, memory: float) -> Floats:
    kernel = _decay(memory)
    past = np.pad(values, (len(kernel) - 1, 0), mode="edge")
    return np.convolve(past, kernel / kernel.sum(), "valid").astype(np.float64)


def _decay(memory: float) -> Floats:
    return np.exp(-np.arange(0.0, 5 * memory, STEP) / memory)


def _readings(
    random: Random, sensor: Sensor, load: Floats, ambient: Floats, symptom: float, unrest: float, damage: Floats
) -> Floats:
    """Return what the sensor would read: operation, then symptom, slow wander and noise with long tails."""
    duty = np.maximum(_lagged(load, sensor.lag) if sensor.lag else load, 0.05) ** sensor.load
    wander = 0.5 * _wander(random, load, 1.5 * DAY)
    scatter = sensor.noise * (wander + random.standard_t(8, size=len(load)) * (1 + (unrest - 1) * damage))
    if sensor.offset:
        rise = (sensor.level - 20 + random.normal(0, 2)) * (duty if sensor.ambient else 1.0)
        return 20 + rise + sensor.ambient * (ambient - 20) + symptom * damage + scatter
    level = sensor.level * random.lognormal(0, 0.1)
    return level * duty * (1 + (symptom - 1) * damage) * np.maximum(1 + scatter, 0.0)


def _recorded(random: Random, times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Drop single readings, sometimes a stretch of hours, seldom everything after the death of the sensor."""
    kept = random.random(len(times)) > 0.01
    if random.random() < 0.3:
        gap = random.uniform(0, DAYS * DAY)
        kept &= (times < gap) | (times > gap + random.uniform(2, 36) * 3600)
    if random.random() < 0.02:
        kept &= times < random.uniform(2 * DAY, DAYS * DAY)
    return times[kept], values[kept]
