from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.base.settings import Settings
from runtime.cli import main


@pytest.fixture(autouse=True)
def _home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIGONG_HOME", str(settings.home))


def document(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 JSON
    return json.loads(capsys.readouterr().out)


def test_from_documents_to_measured_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pump.md").write_text("# Pump\n\nCavitation sounds like gravel.\n")
    (tmp_path / "empty.md").write_text("")
    (tmp_path / "cases.jsonl").write_text('{"query": "gravel", "relevant": ["pump.md"]}\n')
    assert main(["kb", "create", "m", "--embedder", "hashing", "--json"]) == 0
    assert document(capsys)["documents"] == 0
    (tmp_path / "nothing").mkdir()
    assert main(["kb", "add", "m", str(tmp_path / "nothing"), "--json"]) == 0
    assert document(capsys)["added"] == []
    assert main(["kb", "search", "m", "gravel", "--json"]) == 1
    assert document(capsys)["error"]["code"] == "BG812"
    assert main(["kb", "add", "m", str(tmp_path / "pump.md"), str(tmp_path / "empty.md"), "--json"]) == 1
    report = document(capsys)
    assert (report["added"], report["failed"][0]["document"]) == (["pump.md"], "empty.md")
    assert main(["kb", "list", "--json"]) == 0
    assert document(capsys)["bases"][0]["documents"] == 1
    assert main(["kb", "search", "m", "gravel", "--k", "1", "--json"]) == 0
    (hit,) = document(capsys)["hits"]
    assert (hit["text"], hit["document"], hit["page"]) == ("Cavitation sounds like gravel.", "pump.md", None)
    assert (hit["start"], hit["end"], hit["ranks"]) == (8, 38, {"dense": 1, "keyword": 1})
    assert main(["kb", "eval", "m", str(tmp_path / "cases.jsonl"), "--json"]) == 0
    found = document(capsys)
    assert (found["cases"], found["fused"]["recall@1"], sorted(found)) == (
        1,
        1.0,
        ["cases", "dense", "fused", "keyword"],
    )


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    assert main(["kb", "add", "absent", str(tmp_path)]) == 3
    assert main(["kb", "search", "absent", "gravel"]) == 3
    assert main(["kb", "create", "Not A Name"]) == 2
