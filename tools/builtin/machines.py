"""The machines of the simulated plant, and what happens to each of them.

| id | type | fault in its history |
|---|---|---|
| P-101 … P-105 | pump | bearing wear, none, cavitation, seal leak, impeller imbalance |
| M-201 … M-205 | motor | winding overheating, none, misalignment, broken rotor bar, bearing wear |
| G-301 … G-304 | gearbox | gear tooth wear, none, lubrication failure, misalignment |

Besides these, `<type>-<seed>` (such as `pump-7`) is a machine whose scenario is drawn from the seed.

The seeds were searched with the detector and the diagnosis of `tools.signals`, so that each of these machines shows its
fault plainly (severity 0.6 to 0.95, onset from day 12 to 19): they demonstrate, they measure nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import EquipmentUnknown
from .plantsim import DAY, DAYS, SENSORS, Channels, scenario, simulate

__all__ = ["CONDITIONS", "EPOCH", "MACHINES", "Machine", "history", "machine", "unit_of"]

EPOCH = 1_748_736_000.0
"""Time of the first reading, s since 1970: 2025-06-01T00:00:00Z."""
HOUR = 3600.0
CONDITIONS: Mapping[str, str] = {"load": "%", "ambient_temperature": "°C"}
"""Operating conditions that every machine records, with their units."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine: its type, names, the sensor that is looked at first, and its scenario."""

    type: str
    name: str
    name_zh: str
    primary: str
    seed: int
    fault: str


MACHINES: Mapping[str, Machine] = {
    "P-101": Machine("pump", "Feed pump 1", "1 号给水泵", "bearing_temperature", 101052, "bearing_wear"),
    "P-102": Machine("pump", "Feed pump 2", "2 号给水泵", "bearing_temperature", 102001, "healthy"),
    "P-103": Machine("pump", "Cooling water pump", "冷却水泵", "acceleration_hf", 103039, "cavitation"),
    "P-104": Machine("pump", "Transfer pump", "输送泵", "seal_leakage", 104007, "seal_leak"),
    "P-105": Machine("pump", "Circulation pump", "循环泵", "vibration_1x", 105009, "impeller_imbalance"),
    "M-201": Machine("motor", "Mill motor", "磨机电机", "winding_temperature", 201019, "winding_overheating"),
    "M-202": Machine("motor", "Conveyor motor", "输送机电机", "winding_temperature", 202000, "healthy"),
    "M-203": Machine("motor", "Fan motor", "风机电机", "vibration_2x", 203024, "misalignment"),
    "M-204": Machine("motor", "Crusher motor", "破碎机电机", "current_sideband", 204010, "rotor_bar"),
    "M-205": Machine("motor", "Compressor motor", "压缩机电机", "bearing_envelope", 205007, "bearing_wear"),
    "G-301": Machine("gearbox", "Mill gearbox", "磨机齿轮箱", "gear_mesh", 301025, "gear_tooth_wear"),
    "G-302": Machine("gearbox", "Conveyor gearbox", "输送机齿轮箱", "gear_mesh", 302001, "healthy"),
    "G-303": Machine("gearbox", "Crusher gearbox", "破碎机齿轮箱", "oil_temperature", 303028, "lubrication_failure"),
    "G-304": Machine("gearbox", "Fan gearbox", "风机齿轮箱", "vibration_axial", 304012, "misalignment"),
}


DRAWN = re.compile(r"(pump|motor|gearbox)-(\d{1,9})")
"""A machine of any scenario: its type and the seed that the scenario is drawn from."""

PRIMARY: Mapping[str, str] = {"pump": "bearing_temperature", "motor": "winding_temperature", "gearbox": "gear_mesh"}


def machine(equipment: str) -> Machine:
    """Return a machine by its id.

    Raises:
        EquipmentUnknown: There is none.
    """
    drawn = DRAWN.fullmatch(equipment)
    if drawn:
        kind, seed = drawn[1], int(drawn[2])
        return Machine(kind, equipment, equipment, PRIMARY[kind], seed, scenario(kind, seed).fault)
    if equipment not in MACHINES:
        fix = f"Known: {', '.join(MACHINES)}; or a machine drawn from a seed, such as pump-7."
        raise EquipmentUnknown(f"There is no equipment {equipment!r}.", fix=fix)
    return MACHINES[equipment]


def unit_of(kind: str, sensor: str) -> str:
    """Return the unit of a sensor of a type of machine."""
    return CONDITIONS.get(sensor) or SENSORS[kind][sensor].unit


def history(equipment: str, days: int = DAYS, seed: int | None = None) -> Channels:
    """Return the hourly readings of a machine's last days.

    Args:
        equipment: Id of the machine.
        days: How many of the 30 days, counted from the end.
        seed: Another scenario of the generator than the machine's own, drawn from this number.

    Raises:
        EquipmentUnknown: There is no such machine.
    """
    one = machine(equipment)
    channels = simulate(one.type, one.seed, one.fault) if seed is None else simulate(one.type, seed)
    begin = (DAYS - days) * DAY
    chosen = {name: (times % HOUR == 0) & (times >= begin) for name, (times, _) in channels.items()}
    return {
        name: (times[chosen[name]] + EPOCH, values[chosen[name]].round(4)) for name, (times, values) in channels.items()
    }
