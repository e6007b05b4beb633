"""The fault/symptom matrix (ISO 13379-1) of pumps, motors and gearboxes.

Sources: annexes of ISO 13373-3:2015 and SKF CM5003 (vibration bands); annexes of ISO 17359:2018 (process and thermal
quantities); McKee et al. 2011, 2015 (pumps); Thomson & Fenger 2001 (rotor bars); AGMA 9005, ISO 14830-1 (gear oil).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

__all__ = ["SYMPTOMS", "Rows"]

Rows: TypeAlias = Mapping[str, Mapping[str, float]]
"""Fault → sensor → strength of the symptom."""

# fmt: off
# Strength of the symptom a fault causes, with the sign of the change: 3 names the fault, 2 is usual, 1 is possible.
SYMPTOMS: Mapping[str, Rows] = {
    "pump": {
        "cavitation": {"acceleration_hf": 3, "vibration_vane_pass": 2, "flow": -2, "discharge_pressure": -2,
                       "vibration_velocity": 1, "motor_current": -1},
        "bearing_wear": {"bearing_envelope": 3, "acceleration_hf": 2, "bearing_temperature": 2,
                         "vibration_velocity": 1},
        "seal_leak": {"seal_leakage": 3, "flow": -1, "discharge_pressure": -1},
        "impeller_imbalance": {"vibration_1x": 3, "vibration_velocity": 2, "bearing_temperature": 1},
    },
    "motor": {
        "bearing_wear": {"bearing_envelope": 3, "bearing_temperature": 2, "vibration_velocity": 1},
        "misalignment": {"vibration_2x": 3, "vibration_axial": 3, "vibration_velocity": 2, "vibration_1x": 1,
                         "bearing_temperature": 1},
        "winding_overheating": {"winding_temperature": 3, "current_unbalance": 2, "motor_current": 1,
                                "bearing_temperature": 1},
        "rotor_bar": {"current_sideband": 3, "vibration_1x": 2, "vibration_velocity": 1, "winding_temperature": 1},
        "unbalance": {"vibration_1x": 3, "vibration_velocity": 2, "bearing_temperature": 1},
    },
    "gearbox": {
        "gear_tooth_wear": {"gear_mesh": 3, "gear_mesh_sidebands": 3, "oil_debris": 2, "vibration_velocity": 1},
        "lubrication_failure": {"oil_pressure": -3, "oil_temperature": 3, "bearing_temperature": 2, "oil_debris": 1,
                                "bearing_envelope": 1},
        "bearing_wear": {"bearing_envelope": 3, "bearing_temperature": 2, "oil_debris": 1, "vibration_velocity": 1},
        "misalignment": {"vibration_2x": 3, "vibration_axial": 3, "vibration_velocity": 1, "gear_mesh": 1,
                         "bearing_temperature": 1},
    },
}
# fmt: on
