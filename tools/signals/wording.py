"""Names of faults and sentences of evidence, in English and Chinese."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

__all__ = ["fault_name", "told"]

Language: TypeAlias = Literal["en", "zh"]

_NAMES: Final[dict[str, tuple[str, str]]] = {
    "healthy": ("healthy", "正常"),
    "cavitation": ("cavitation", "汽蚀"),
    "bearing_wear": ("bearing wear", "轴承磨损"),
    "seal_leak": ("seal leakage", "密封泄漏"),
    "impeller_imbalance": ("impeller imbalance", "叶轮不平衡"),
    "misalignment": ("misalignment", "不对中"),
    "winding_overheating": ("winding overheating", "绕组过热"),
    "rotor_bar": ("broken rotor bar", "转子断条"),
    "unbalance": ("unbalance", "不平衡"),
    "gear_tooth_wear": ("gear tooth wear", "齿面磨损"),
    "lubrication_failure": ("lubrication failure", "润滑失效"),
    "overheating": ("overheating", "过热"),
    "cooling": ("unusual cooling", "异常降温"),
    "sensor_fault": ("sensor fault", "传感器故障"),
    "undetermined": ("undetermined", "无法判断"),
}
_SENSORS: Final[dict[str, str]] = {
    "vibration_velocity": "振动速度",
    "vibration_1x": "一倍频振动",
    "vibration_2x": "二倍频振动",
    "vibration_axial": "轴向振动",
    "vibration_vane_pass": "叶片通过频率振动",
    "acceleration_hf": "高频加速度",
    "bearing_envelope": "轴承包络",
    "bearing_temperature": "轴承温度",
    "winding_temperature": "绕组温度",
    "motor_current": "电机电流",
    "current_unbalance": "电流不平衡度",
    "current_sideband": "电流边带",
    "flow": "流量",
    "discharge_pressure": "出口压力",
    "seal_leakage": "密封泄漏量",
    "gear_mesh": "啮合频率振动",
    "gear_mesh_sidebands": "啮合边带",
    "oil_temperature": "油温",
    "oil_pressure": "油压",
    "oil_debris": "油中磨粒",
    "temperature": "温度",
}


def fault_name(fault: str, language: Language) -> str:
    """Return how a fault is called; an unknown one keeps its id."""
    english, chinese = _NAMES.get(fault, (fault.replace("_", " "), fault))
    return chinese if language == "zh" else english


def told(
    sensor: str, change: Literal["up", "down"], baseline: float, recent: float, unit: str, language: Language
) -> str:
    """Say how a sensor's level has moved."""
    values = f"{baseline:.3g} → {recent:.3g} {unit}".rstrip()
    if language == "zh":
        return f"{_SENSORS.get(sensor, sensor)}{'升高' if change == 'up' else '降低'}：{values}"
    return f"{sensor.replace('_', ' ')} went {change}: {values}"
