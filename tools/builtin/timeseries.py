"""`timeseries`: anomalies in a sensor history, a chart of them, and the fault that a machine's histories speak for."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import BaseModel, Field

from ..errors import EquipmentUnknown, HistoryInvalid
from ..files import MARK
from ..policy import Policy
from ..signals.chart import Mark, draw
from ..signals.detection import detect
from ..signals.diagnosis import diagnose as ranked
from ..signals.evidence import Finding, findings
from ..signals.history import History, arranged, enough, iso, read_csv, seconds
from ..signals.wording import fault_name, told
from ..spec import module_server
from .plantsim import SENSORS
from .serving import plain_errors, serve

if TYPE_CHECKING:
    from fastmcp import FastMCP

__all__ = ["SERVER", "build"]

_PURE = Policy(effect_class="pure", effect="none", reads="trusted", approval="never")
SERVER = module_server(
    "tools.builtin.timeseries", policies={"detect_anomalies": _PURE, "diagnose": _PURE, "plot": _PURE}
)
METHOD = "robust median and range control charts"
SOURCE = "Shewhart 1931; ISO 7870-2; Iglewicz & Hoaglin 1993; Rosner 1983"
MOST_EVIDENCE = 5


class Reading(BaseModel):
    """One reading; the time is ISO 8601, UTC where it names no zone."""

    timestamp: str
    value: float | None


class Anomaly(BaseModel):
    """A stretch that is out of control; the score is its distance in control limits, above 1."""

    start: str
    end: str
    peak: str
    score: float


class Detection(BaseModel):
    """The anomalies of a history."""

    anomalies: list[Anomaly]
    points: int
    start: str
    end: str
    method: str = METHOD
    source: str = SOURCE


class Channel(BaseModel):
    """A sensor's readings."""

    unit: str = ""
    times: list[str]
    values: list[float | None]


class Candidate(BaseModel):
    """A verdict with its score from 0 to 1."""

    fault: str
    score: float


class Evidence(BaseModel):
    """What a sensor shows; `strength` is in robust standard deviations, the levels in `unit`."""

    sensor: str
    change: Literal["up", "down"]
    strength: float
    baseline: float
    recent: float
    unit: str = ""


class Diagnosis(BaseModel):
    """The best verdict, all of them, and the sensors that speak for it."""

    fault: str
    name: str
    score: float
    candidates: list[Candidate]
    evidence: list[Evidence]
    said: list[str] = Field(description="The evidence in words. 用文字表述的依据。")


class Chart(BaseModel):
    """A chart as SVG text, and the same as a `data:` address for the `src` of an image."""

    svg: str
    data_uri: str


FilePath: TypeAlias = Annotated[
    str,
    Field(
        description="CSV file with a time and a value column. 含时间列和数值列的 CSV 文件。",
        json_schema_extra={MARK: "file"},
    ),
]
Series: TypeAlias = Annotated[
    list[Reading] | None, Field(description="The readings, instead of a file. 直接给出的读数，代替文件。")
]
Column: TypeAlias = Annotated[str, Field(description="Column name; found by itself when empty. 列名；留空则自动识别。")]
ChannelOf: TypeAlias = Annotated[
    Channel | None, Field(description="A sensor's readings, instead of a file. 一个传感器的读数，代替文件。")
]
Language: TypeAlias = Annotated[Literal["en", "zh"], Field(description="Of the texts. 文字的语言。")]


@plain_errors
def detect_anomalies(
    history: FilePath = "",
    series: Series = None,
    channel: ChannelOf = None,
    value_column: Column = "",
    time_column: Column = "",
) -> Detection:
    """Return the anomalies of one history."""
    times, values = _history(history, series, channel, value_column, time_column)
    alarms = [
        Anomaly(start=iso(one.start), end=iso(one.end), peak=iso(one.peak), score=round(one.score, 3))
        for one in detect(times, values)
    ]
    points = int(np.isfinite(values).sum())
    return Detection(anomalies=alarms, points=points, start=iso(float(times[0])), end=iso(float(times[-1])))


@plain_errors
def diagnose(
    equipment_type: Annotated[str, Field(description="pump, motor or gearbox. 设备类型。")],
    channels: Annotated[
        dict[str, Channel] | None,
        Field(description="Histories by sensor, 12 days or more. 各传感器的历史数据，至少 12 天。"),
    ] = None,
    history: FilePath = "",
    language: Language = "en",
) -> Diagnosis:
    """Return which fault the histories speak for; a file counts as the machine's one temperature."""
    if equipment_type not in SENSORS:
        raise EquipmentUnknown(f"There is no equipment type {equipment_type!r}.", fix=f"Known: {', '.join(SENSORS)}.")
    channels = channels or {}
    if not channels and not history:
        raise HistoryInvalid("Give either histories by sensor or a file.", where="channels, history")
    arrays = {name: arranged(one.times, one.values, where=name) for name, one in channels.items()}
    if history and not channels:
        arrays = {"temperature": read_csv(Path(history))}
    arrays = {name: one for name, one in arrays.items() if len(one[0])}
    verdicts = ranked(equipment_type, arrays)
    candidates = [Candidate(fault=fault, score=round(score, 4)) for fault, score in verdicts]
    found = findings(equipment_type, verdicts[0][0], arrays)[:MOST_EVIDENCE]
    evidence = [_evidence(one, channels[one.sensor].unit if one.sensor in channels else "") for one in found]
    best = candidates[0]
    return Diagnosis(
        fault=best.fault,
        name=fault_name(best.fault, language),
        score=best.score,
        candidates=candidates,
        evidence=evidence,
        said=[told(one.sensor, one.change, one.baseline, one.recent, one.unit, language) for one in evidence],
    )


@plain_errors
def plot(
    history: FilePath = "",
    series: Series = None,
    channel: ChannelOf = None,
    anomalies: Annotated[list[Anomaly] | None, Field(description="Stretches to mark. 要标出的区间。")] = None,
    title: Annotated[str, Field(description="Heading. 标题。")] = "",
    language: Language = "en",
    value_column: Column = "",
    time_column: Column = "",
) -> Chart:
    """Return a static chart of a history with its anomalies."""
    times, values = _history(history, series, channel, value_column, time_column)
    try:
        marks = [
            Mark(start=seconds(one.start), end=seconds(one.end), peak=seconds(one.peak)) for one in anomalies or []
        ]
    except ValueError as error:
        raise HistoryInvalid(f"An anomaly's time cannot be read: {error}.", where="anomalies") from error
    svg = draw(times, values, marks, title=title, language=language)
    return Chart(svg=svg, data_uri=f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}")


def _history(
    path: str, given: list[Reading] | None, channel: Channel | None, value_column: str, time_column: str
) -> History:
    if bool(path) + (given is not None) + (channel is not None) != 1:
        raise HistoryInvalid(
            "Give one of these: a file, a list of readings, a channel.",
            where="history, series, channel",
            fix="Leave the others out.",
        )
    if path:
        return read_csv(Path(path), value_column=value_column, time_column=time_column)
    if channel is not None:
        found = arranged(channel.times, channel.values, where="channel")
    else:
        found = arranged([one.timestamp for one in given or []], [one.value for one in given or []], where="series")
    enough(found[1], "channel" if channel is not None else "series")
    return found


def _evidence(finding: Finding, unit: str) -> Evidence:
    return Evidence(
        sensor=finding.sensor,
        change="up" if finding.shift > 0 else "down",
        strength=round(abs(finding.shift), 2),
        baseline=round(finding.baseline, 4),
        recent=round(finding.recent, 4),
        unit=unit,
    )


def build() -> FastMCP[Any]:
    """Return the server."""
    from fastmcp import FastMCP

    server: FastMCP[Any] = FastMCP("timeseries")
    server.tool(
        detect_anomalies,
        description="Find the anomalous stretches of a sensor history. 找出传感器历史数据中的异常区间。",
    )
    server.tool(
        diagnose,
        description="Name the fault that a machine's sensor histories speak for: a fault, healthy or undetermined. "
        "根据设备各传感器的历史数据判断故障：故障名称、healthy（正常）或 undetermined（无法判断）。",
    )
    server.tool(
        plot,
        description="Draw a sensor history as SVG with its anomalies marked. 将传感器历史数据绘成 SVG 图并标出异常。",
    )
    return server


if __name__ == "__main__":
    serve(build())
