from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from tools.signals.chart import Mark, draw

SVG = "{http://www.w3.org/2000/svg}"


def test_a_long_history_gives_a_small_chart_that_keeps_its_spike() -> None:
    times = np.arange(200_000.0) * 60
    values = np.random.default_rng(2).normal(50, 1, len(times))
    values[123_456] = 90.0
    mark = Mark(start=times[123_000], end=times[124_000], peak=times[123_456])
    text = draw(times, values, [mark], title="泵 <script>alert(1)</script> & P-101", language="zh")
    assert len(text.encode()) < 200_000
    root = ElementTree.fromstring(text)  # noqa: S314 our own text
    assert {one.tag for one in root.iter()} == {
        SVG + tag for tag in ("svg", "rect", "text", "line", "polyline", "circle")
    }
    line = root.find(SVG + "polyline")
    assert line is not None
    heights = [float(point.partition(",")[2]) for point in (line.get("points") or "").split()]
    circle = root.find(SVG + "circle")
    assert circle is not None
    assert min(heights) == float(circle.get("cy") or 0)
    assert "异常：1 处" in text


def test_a_constant_history_with_holes_is_drawn() -> None:
    times = np.arange(30.0) * 3600
    values = np.full(30, 5.0)
    values[3] = np.nan
    text = draw(times, values, [], title="flat")
    assert "nan" not in text
    assert "Anomalies: 0" in text
