"""The composed home: built-in tool servers over real processes, files as arguments, the lock of an app."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from agents.compiler import compile_bundle
from agents.spec import Bundle, lock_from_resources, read_bundle
from runtime.base.settings import Settings
from runtime.orchestration.errors import AppBroken
from runtime.orchestration.outline import read_app
from runtime.orchestration.ready import ready
from runtime.orchestration.workbench import Workbench

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

APP = """\
dsl: 1
app: {id: look, name: Look, version: 0.1.0}
inputs: {history: file}
outputs: {points: integer}
requires: {tools: {series: {server: timeseries, allow: [detect_anomalies]}}}
nodes:
  detect: {type: tool, tool: series.detect_anomalies, in: {history: "${inputs.history}"}}
  done: {type: end, in: {points: "${detect.result.points}"}}
"""


def csv(rows: int) -> bytes:
    lines = [f"2025-01-{1 + at // 24:02}T{at % 24:02}:00:00Z,{at % 24}" for at in range(rows)]
    return ("timestamp,value\n" + "\n".join(lines) + "\n").encode()


async def test_a_tool_gets_a_file_as_a_path_and_the_app_locks(tmp_path: Path) -> None:
    bundle = Bundle(files={"app.yaml": APP.encode()})
    bench = await Workbench.open(Settings(home=tmp_path / "home"))
    try:
        app = ready(await bench.compile(bundle))
        file = await bench.host.files.put(csv(480), name="h.csv", media_type="text/csv", workspace="main")
        info = await bench.engine.accept(app, {"history": file})
        record = await bench.engine.wait(info.id)
        assert record.outputs == {"points": 480}, record.error
        document = read_app(bundle)
        assert document is not None
        lock = lock_from_resources(await bench.inventory.take(document, bundle), document)
        assert (await bench.engine.replay(info.id)).outputs == {"points": 480}
    finally:
        await bench.close()
    locked = Bundle(files={**bundle.files, "bundle.lock": lock.to_text().encode()})
    assert [one.code for one in compile_bundle(locked).diagnostics] == []
    wrong = APP.replace("in: {history:", "in: {histori:")
    found = compile_bundle(Bundle(files={**locked.files, "app.yaml": wrong.encode()}))
    assert [(one.code, one.node) for one in found.diagnostics if one.severity == "error"] == [("BG214", "detect")]


async def test_an_unknown_server_stops_the_app_by_name(tmp_path: Path) -> None:
    bench = await Workbench.open(Settings(home=tmp_path / "home"))
    try:
        bundle = Bundle(files={"app.yaml": APP.replace("server: timeseries", "server: timeserie").encode()})
        with pytest.raises(AppBroken, match="BG413"):
            ready(await bench.compile(bundle))
    finally:
        await bench.close()


async def test_an_apps_own_documents_become_its_base(tmp_path: Path) -> None:
    app = """\
dsl: 1
app: {id: ask, name: Ask, version: 0.1.0}
inputs: {q: string}
outputs: {found: list<Citation>}
requires: {knowledge: {docs: {recipe: kb/docs.yaml}}}
nodes:
  look: {type: retrieve, from: docs, k: 1, in: {query: "${inputs.q}"}}
  done: {type: end, in: {found: "${look.citations}"}}
"""
    text = "# Oils\n\nThe gearbox takes ISO VG 320 oil.\n"
    files = {"app.yaml": app, "kb/docs.yaml": "documents: [docs]\ntrust: app\n", "kb/docs/oils.md": text}
    bench = await Workbench.open(Settings(home=tmp_path / "home"))
    try:
        compiled = ready(await bench.compile(Bundle(files={name: one.encode() for name, one in files.items()})))
        info = await bench.engine.accept(compiled, {"q": "Which oil does the gearbox take?"})
        record = await bench.engine.wait(info.id)
        assert record.outputs is not None, record.error
        [citation] = cast("list[dict[str, Any]]", record.outputs["found"])
        assert citation["document"] == "oils.md"
        assert text[citation["start"] : citation["end"]] == citation["quote"]
    finally:
        await bench.close()


async def test_the_shipped_example_reads_back(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(APP, encoding="utf-8")
    assert read_app(read_bundle(tmp_path)) is not None
    assert read_app(Bundle(files={"app.yaml": b"dsl: 9\n"})) is None
