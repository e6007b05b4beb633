"""The built-in servers, each as a real process behind the pool."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import pytest

from runtime.base.errors import Json
from tools.builtin import machines, plant, plantsim, timeseries
from tools.builtin.orders import Orders
from tools.errors import ToolFailed
from tools.files import file_parameters
from tools.servers import ServerPool
from tools.spec import ServerSpec

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def pool(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerPool]:
    env = {"BAIGONG_PLANT_DIR": str(tmp_path_factory.mktemp("plant"))}
    made = ServerPool({"plant-data": replace(plant.SERVER, env=env), "timeseries": timeseries.SERVER})
    yield made
    await made.close()


async def ask(pool: ServerPool, server: str, tool: str, **arguments: object) -> dict[str, Any]:
    return cast("dict[str, Any]", (await pool.call(server, tool, cast("dict[str, Json]", arguments))).data)


@pytest.mark.parametrize(("name", "spec"), [("plant-data", plant.SERVER), ("timeseries", timeseries.SERVER)])
async def test_every_tool_has_a_policy_a_schema_and_a_text_in_both_languages(
    pool: ServerPool, name: str, spec: ServerSpec
) -> None:
    tools = await pool.list(name)
    assert {tool.name for tool in tools} == set(spec.policies)
    for tool in tools:
        assert tool.output_schema
        assert tool.output_schema["type"] == "object"
        assert any("\u4e00" <= sign <= "\u9fff" for sign in tool.description)
        assert tool.description.isascii() is False
        assert tool.description[0].isascii()


async def test_only_histories_are_files(pool: ServerPool) -> None:
    marked = {tool.name: file_parameters(tool.input_schema) for tool in await pool.list("timeseries")}
    assert marked == {"detect_anomalies": {"history"}, "plot": {"history"}, "diagnose": {"history"}}


@pytest.mark.parametrize("equipment", sorted(machines.MACHINES))
async def test_each_machine_is_diagnosed_from_its_history(pool: ServerPool, equipment: str) -> None:
    found = await ask(pool, "plant-data", "read_history", equipment=equipment)
    assert found["simulated"] is True
    one = machines.MACHINES[equipment]
    verdict = await ask(pool, "timeseries", "diagnose", equipment_type=found["type"], channels=found["channels"])
    assert verdict["fault"] == one.fault
    primary = found["channels"][found["primary"]]
    series = [
        {"timestamp": time, "value": value} for time, value in zip(primary["times"], primary["values"], strict=True)
    ]
    alarms = await ask(pool, "timeseries", "detect_anomalies", series=series)
    assert len(alarms["anomalies"]) == (one.fault != "healthy")
    assert alarms["points"] == len(series)


async def test_twenty_fresh_scenarios_are_diagnosed_through_the_tools(pool: ServerPool) -> None:
    ids = ("P-101", "M-201", "G-301")
    right = 0
    for index, seed in enumerate(range(512_300, 512_320)):
        found = await ask(pool, "plant-data", "read_history", equipment=ids[index % 3], seed=seed)
        verdict = await ask(pool, "timeseries", "diagnose", equipment_type=found["type"], channels=found["channels"])
        right += verdict["fault"] == plantsim.scenario(found["type"], seed).fault
    assert right >= 18


async def test_the_benchmark_file_goes_through_the_server(pool: ServerPool, test_data: Path) -> None:
    path = str(test_data / "nab" / "machine_temperature_system_failure.csv")
    found = await ask(pool, "timeseries", "detect_anomalies", history=path)
    assert found["points"] == 22_695
    assert found["start"] == "2013-12-02T21:15:00Z"
    assert set(found) == {"anomalies", "points", "start", "end", "method", "source"}
    chart = await ask(
        pool, "timeseries", "plot", history=path, anomalies=found["anomalies"], title="机器温度", language="zh"
    )
    assert len(chart["svg"].encode()) < 200_000
    root = ElementTree.fromstring(chart["svg"])  # noqa: S314 our own text
    shaded = [one for one in root.iter() if one.get("class") == "anomaly"]
    assert len(shaded) == len(found["anomalies"]) >= 3


async def test_a_bad_file_is_named_to_the_caller(pool: ServerPool, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("timestamp,value\n2025-01-01,warm\n")
    with pytest.raises(ToolFailed, match=r"'warm' is not a number. \(bad.csv, line 2, column 'value'\) Write a number"):
        await ask(pool, "timeseries", "detect_anomalies", history=str(path))
    with pytest.raises(ToolFailed, match="Give one of these"):
        await ask(pool, "timeseries", "plot", title="nothing")


async def test_equipment_is_listed_read_and_named_when_unknown(pool: ServerPool) -> None:
    listed = await ask(pool, "plant-data", "list_equipment")
    assert [one["id"] for one in listed["equipment"]] == list(machines.MACHINES)
    for one in listed["equipment"]:
        assert one["primary"] in one["sensors"]
    latest = await ask(pool, "plant-data", "read_sensor", equipment="P-101", sensor="flow")
    assert latest["unit"] == "m³/h"
    week = await ask(pool, "plant-data", "read_history", equipment="P-101", days=7)
    assert week["channels"]["flow"]["times"][0] >= "2025-06-24"
    assert week["channels"]["flow"]["values"][-1] == latest["value"]
    with pytest.raises(ToolFailed, match="no equipment 'X-1'"):
        await ask(pool, "plant-data", "read_history", equipment="X-1")
    with pytest.raises(ToolFailed, match="no sensor 'taste'"):
        await ask(pool, "plant-data", "read_sensor", equipment="P-101", sensor="taste")


async def test_a_key_opens_one_order(pool: ServerPool) -> None:
    order = {"equipment": "P-101", "title": "更换轴承", "description": "1. Stop."}
    first = await pool.call("plant-data", "open_work_order", order, key="k1")
    again = await pool.call("plant-data", "open_work_order", order, key="k1")
    other = await pool.call("plant-data", "open_work_order", order, key="k2")
    assert first.data == again.data
    assert cast("dict[str, Any]", other.data)["id"] != cast("dict[str, Any]", first.data)["id"]


async def test_orders_outlive_the_process(tmp_path: Path) -> None:
    first = Orders(tmp_path / "plant").open("P-101", "a", "", "k")
    assert Orders(tmp_path / "plant").open("P-101", "a", "", "k") == first
    assert [one["key"] for one in json.loads((tmp_path / "plant" / "orders.json").read_text())] == ["k"]
