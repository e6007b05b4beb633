"""A history as a static SVG chart: per pixel column the lowest and highest reading, anomalies shaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np

from .detection import Floats
from .history import iso

__all__ = ["Mark", "draw"]

WIDTH, HEIGHT = 860, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 40, 44
TICKS = 6
MOST_MARKS = 200
TEXT = {
    "en": ("Anomalies: {count}", "time (UTC)"),
    "zh": ("异常：{count} 处", "时间（UTC）"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """An anomaly on the chart, times in s."""

    start: float
    end: float
    peak: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frame:
    """The plane: the times and readings at its edges."""

    first: float
    last: float
    low: float
    high: float

    def x(self, time: float) -> float:
        share = (time - self.first) / ((self.last - self.first) or 1.0)
        return LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def draw(
    times: Floats, values: Floats, marks: Sequence[Mark], *, title: str, language: Literal["en", "zh"] = "en"
) -> str:
    """Return the chart as SVG text without scripts, links or outside fonts, below 200 kB.

    Args:
        times: s since 1970 in order, shape (n,).
        values: Readings, NaN where missing, shape (n,).
        marks: Anomalies; the first 200 are drawn.
        title: Heading; any text.
        language: Of the labels.
    """
    keep = np.isfinite(values)
    times, values = times[keep], values[keep]
    margin = 0.05 * float(np.ptp(values)) or 1.0
    frame = _Frame(
        first=float(times[0]), last=float(times[-1]),
        low=float(values.min()) - margin, high=float(values.max()) + margin,
    )  # fmt: skip
    count, axis = TEXT[language]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(title[:200])}" font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _label(LEFT, 20, title[:120], 'font-size="14" font-weight="bold"'),
        _label(WIDTH - RIGHT, 20, count.format(count=len(marks)), 'text-anchor="end" fill="#b91c1c"'),
        _label((WIDTH + LEFT) / 2, HEIGHT - 6, axis, 'text-anchor="middle" fill="#475569"'),
        *_axes(frame),
        *(_shade(frame, mark) for mark in marks[:MOST_MARKS]),
        f'<polyline points="{_line(frame, times, values)}" fill="none" stroke="#1d4ed8" stroke-width="1"/>',
        *(_peak(frame, times, values, mark) for mark in marks[:MOST_MARKS]),
        "</svg>",
    ]
    return "\n".join(parts)


def _label(x: float, y: float, text: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def _axes(frame: _Frame) -> list[str]:
    parts: list[str] = []
    for value in np.linspace(frame.low, frame.high, TICKS):
        y = frame.y(float(value))
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e2e8f0"/>')
        parts.append(_label(LEFT - 6, y + 4, f"{value:.4g}", 'text-anchor="end" fill="#475569"'))
    days = frame.last - frame.first >= 3 * 86_400
    for time in np.linspace(frame.first, frame.last, TICKS):
        text = iso(float(time))[:10] if days else iso(float(time))[5:16].replace("T", " ")
        anchor = "start" if time == frame.first else "end" if time == frame.last else "middle"
        parts.append(_label(frame.x(float(time)), HEIGHT - BOTTOM + 16, text, f'text-anchor="{anchor}" fill="#475569"'))
    return parts


def _shade(frame: _Frame, mark: Mark) -> str:
    left, right = frame.x(mark.start), frame.x(mark.end)
    height = HEIGHT - TOP - BOTTOM
    return (
        f'<rect class="anomaly" x="{left:.1f}" y="{TOP}" width="{max(right - left, 2):.1f}" height="{height}" '
        'fill="#fecaca" fill-opacity="0.7"/>'
    )


def _peak(frame: _Frame, times: Floats, values: Floats, mark: Mark) -> str:
    nearest = float(values[int(np.abs(times - mark.peak).argmin())])
    return f'<circle cx="{frame.x(mark.peak):.1f}" cy="{frame.y(nearest):.1f}" r="4" fill="none" stroke="#b91c1c"/>'


def _line(frame: _Frame, times: Floats, values: Floats) -> str:
    """Return the points of the curve: the extremes of every pixel column, in order of time: no spike is lost."""
    columns = ((times - times[0]) / (float(np.ptp(times)) or 1.0) * (WIDTH - LEFT - RIGHT)).astype(int)
    points: list[str] = []
    for part in np.split(np.arange(len(times)), np.flatnonzero(np.diff(columns)) + 1):
        extremes = sorted({int(part[values[part].argmin()]), int(part[values[part].argmax()])})
        points += [f"{frame.x(float(times[i])):.1f},{frame.y(float(values[i])):.1f}" for i in extremes]
    return " ".join(points)
