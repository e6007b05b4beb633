"""`plant-data`: histories, readings and work orders of a simulated plant.

Every reading comes from a documented generator (`plantsim`), and every result says so: `simulated` is true.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field

from ..errors import EquipmentUnknown
from ..policy import Policy
from ..signals.history import iso
from ..spec import module_server
from .machines import CONDITIONS, MACHINES, history, machine, unit_of
from .orders import Orders, WorkOrder
from .plantsim import DAYS, SENSORS
from .serving import plain_errors, serve

if TYPE_CHECKING:
    from fastmcp import FastMCP

__all__ = ["SERVER", "build"]

_READ = Policy(effect_class="pure", effect="none", reads="trusted", approval="never")
SERVER = module_server(
    "tools.builtin.plant",
    env={"BAIGONG_PLANT_DIR": "{home}/plant"},
    policies={
        "list_equipment": _READ,
        "read_history": _READ,
        "read_sensor": _READ,
        "open_work_order": Policy(effect_class="keyed", effect="reversible", reads="trusted", approval="effects"),
    },
)

KEY = "baigong/idempotency_key"

EquipmentId = Annotated[str, Field(description="Equipment id, such as P-101. 设备编号，例如 P-101。")]


class Equipment(BaseModel):
    """A machine of the plant."""

    id: str
    type: str
    name: str
    name_zh: str
    primary: str = Field(description="The sensor to look at first. 首先查看的传感器。")
    sensors: list[str]


class EquipmentList(BaseModel):
    """All machines."""

    equipment: list[Equipment]
    simulated: bool = True


class Channel(BaseModel):
    """A sensor's readings; times are ISO 8601 in UTC."""

    unit: str
    times: list[str]
    values: list[float]


class History(BaseModel):
    """A machine's histories by sensor."""

    equipment: str
    type: str
    channels: dict[str, Channel]
    primary: str
    simulated: bool = True


class Reading(BaseModel):
    """A sensor's latest reading."""

    equipment: str
    sensor: str
    value: float
    unit: str
    time: str
    simulated: bool = True


@plain_errors
def list_equipment() -> EquipmentList:
    """Return every machine with its sensors."""
    return EquipmentList(
        equipment=[
            Equipment(id=name, type=one.type, name=one.name, name_zh=one.name_zh, primary=one.primary,
                      sensors=[*SENSORS[one.type], *CONDITIONS])
            for name, one in MACHINES.items()
        ]
    )  # fmt: skip


@plain_errors
def read_history(
    equipment: EquipmentId,
    days: Annotated[int, Field(description="How many days back. 向前多少天。", ge=1, le=DAYS)] = DAYS,
    seed: Annotated[
        int | None, Field(description="For tests: another scenario of the generator. 仅供测试：生成器的其他场景。")
    ] = None,
) -> object:
    """Return hourly readings per sensor; the text is a summary, the data stands in the structured content."""
    from fastmcp.tools import ToolResult

    one = machine(equipment)
    channels = {
        name: Channel(unit=unit_of(one.type, name), times=[iso(time) for time in times], values=values.tolist())
        for name, (times, values) in history(equipment, days, seed).items()
    }
    found = History(equipment=equipment, type=one.type, channels=channels, primary=one.primary)
    said = f"{equipment} ({one.type}): {days} days of hourly readings of {', '.join(channels)}. Simulated data."
    return ToolResult(content=said, structured_content=found.model_dump())


@plain_errors
def read_sensor(
    equipment: EquipmentId,
    sensor: Annotated[str, Field(description="Sensor name, such as bearing_temperature. 传感器名称。")],
) -> Reading:
    """Return the latest reading of one sensor."""
    one, channels = machine(equipment), history(equipment)
    if sensor not in channels:
        raise EquipmentUnknown(f"{equipment!r} has no sensor {sensor!r}.", fix=f"It has: {', '.join(channels)}.")
    times, values = channels[sensor]
    return Reading(
        equipment=equipment,
        sensor=sensor,
        value=float(values[-1]),
        unit=unit_of(one.type, sensor),
        time=iso(float(times[-1])),
    )


def build(folder: Path) -> FastMCP[Any]:
    """Return the server; work orders are kept in `folder`."""
    from fastmcp import FastMCP

    server: FastMCP[Any] = FastMCP("plant-data")
    orders = Orders(folder)

    @plain_errors
    def open_work_order(
        equipment: EquipmentId,
        title: Annotated[str, Field(description="What to do, in one line. 一句话说明要做什么。", min_length=1)],
        description: Annotated[str, Field(description="Findings and steps. 发现的问题和步骤。")] = "",
    ) -> WorkOrder:
        machine(equipment)
        return orders.open(equipment, title, description, _key())

    server.tool(
        list_equipment,
        description="List the machines of the simulated plant with their sensors. 列出模拟工厂的设备及其传感器。",
    )
    server.tool(
        read_history,
        description="Read a machine's sensor histories (hourly, simulated data). "
        "读取设备各传感器的历史数据（每小时，模拟数据）。",
        output_schema=History.model_json_schema(),
    )
    server.tool(
        read_sensor,
        description="Read the latest value of one sensor (simulated data). 读取一个传感器的最新值（模拟数据）。",
    )
    server.tool(
        open_work_order,
        description="Open a maintenance work order; a repeated call with the same key opens only one. "
        "创建维修工单；同一键的重复调用只创建一张。",
    )
    return server


def _key() -> str | None:
    """Return the idempotency key of the request that is being served."""
    from fastmcp.server.dependencies import get_context

    request = get_context().request_context
    key = (request.meta or {}).get(KEY) if request else None
    return key if isinstance(key, str) else None


if __name__ == "__main__":
    serve(build(Path(os.environ.get("BAIGONG_PLANT_DIR") or "plant")))
