"""The shipped app, end to end: real tool servers, real retrieval, the embedded model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.catalog import app_folder, app_ids
from agents.compiler import compile_bundle
from agents.spec import format_app, read_bundle
from tools.builtin.machines import machine

START = "import sys; from runtime.cli import main; sys.exit(main())"
APP = app_folder("equipment-doctor")


@pytest.mark.parametrize("name", app_ids())
def test_every_shipped_app_compiles_from_its_lock_and_is_canonical(name: str) -> None:
    folder = app_folder(name)
    assert folder is not None
    bundle = read_bundle(folder)
    found = compile_bundle(bundle)
    assert [one.en for one in found.diagnostics if one.severity == "error"] == []
    assert format_app(bundle.app_text) == bundle.app_text


def test_it_ships_twenty_cases_and_enough_to_read() -> None:
    assert APP is not None
    assert len((APP / "tests" / "cases.jsonl").read_text("utf-8").splitlines()) == 20
    words = sum(len(path.read_text("utf-8").split()) for path in (APP / "kb" / "manuals").glob("*.en.md"))
    assert words >= 4000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def run(home: Path, *inputs: str) -> dict[str, Any]:
    environment = {**os.environ, "BAIGONG_HOME": str(home)}
    words = [word for one in inputs for word in ("--input", one)]
    done = subprocess.run(
        [sys.executable, "-c", START, "run", "equipment-doctor", *words, "--json"],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def artifact(home: Path, file: dict[str, str]) -> str:
    return (home / "artifacts" / file["id"][:2] / file["id"]).read_text("utf-8")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_faulty_machine_gets_a_diagnosis_and_a_cited_plan(home: Path, language: str) -> None:
    result = run(home, "equipment=pump-9003", f"language={language}")
    assert result["status"] == "ended", result["error"]
    outputs = result["outputs"]
    assert outputs["diagnosis"] == machine("pump-9003").fault
    assert len(outputs["plan"]) >= 5
    # Reading, detection, diagnosis, plot, plan; in English also the check of the model's paragraph.
    assert result["usage"]["tool_calls"] == (6 if language == "en" else 5)
    assert APP is not None
    for citation in outputs["sources"]:
        source = (APP / "kb" / "manuals" / citation["document"]).read_text("utf-8")
        assert citation["document"] == f"pump.{language}.md"
        assert source[citation["start"] : citation["end"]] == citation["quote"]
    report = artifact(home, outputs["report"])
    assert "data:image/svg+xml;base64," in report
    assert outputs["diagnosis"] in report


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_healthy_machine_is_left_alone(home: Path) -> None:
    result = run(home, "equipment=P-102")
    assert result["status"] == "ended", result["error"]
    assert set(result["outputs"]) == {"anomalies", "report", "sources"}
    assert result["outputs"]["sources"] == []
    assert result["usage"]["tokens"] == 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_real_readings_raise_the_labelled_windows(home: Path, test_data: Path) -> None:
    file = test_data / "nab" / "machine_temperature_system_failure.csv"
    result = run(home, f"history=@{file}", "equipment=M-201")
    assert result["status"] == "ended", result["error"]
    windows = next(iter(json.loads((test_data / "nab" / "windows.json").read_text()).values()))
    alarms = [(moment(one["start"]), moment(one["end"])) for one in result["outputs"]["anomalies"]]
    hit = [any(start <= moment(to) and end >= moment(since) for start, end in alarms) for since, to in windows]
    false = [
        (start, end)
        for start, end in alarms
        if end - start > timedelta(days=5)
        or not any(start <= moment(to) and end >= moment(since) for since, to in windows)
    ]
    assert sum(hit) >= 3
    assert len(false) <= 3


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_text_among_the_values_is_a_clear_error(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("timestamp,value\n" + "\n".join(f"2025-01-01 00:{at:02}:00,{at}" for at in range(30)) + "\n")
    file.write_text(file.read_text().replace(",17\n", ",broken\n"))
    result = run(home, f"history=@{file}")
    assert result["status"] == "failed"
    assert result["error"]["code"] == "BG801"
    assert "broken" in result["error"]["message"]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "")).replace(tzinfo=None)
