"""A process that is killed in the middle of a run loses nothing: the next one takes the run up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

APP = """\
dsl: 1
app: {id: slow, name: Slow, version: 0.1.0}
outputs: {text: string}
requires: {models: {main: {caps: [chat]}}}
nodes:
  first: {type: llm, model: main, prompt: "one", in: {}}
  second: {type: llm, model: main, prompt: "two ${t}", in: {t: "${first.text}"}}
  done: {type: end, in: {text: "${second.text}"}}
"""
MODELS = """\
models:
  scripted/slow:
    options:
      script:
        - {match: "two", text: "finished", delay: DELAY, repeat: true}
        - {match: "one", text: "begun", repeat: true}
"""
START = "import sys; from runtime.cli import main; sys.exit(main())"


@pytest.mark.slow
def test_kill_9_then_resume(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(APP, encoding="utf-8")
    models = tmp_path / "models.yaml"
    models.write_text(MODELS.replace("DELAY", "60"), encoding="utf-8")
    environment = {**os.environ, "BAIGONG_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": "1"}
    words = [sys.executable, "-c", START, "run", "app.yaml", "--models", "models.yaml", "--stream"]
    with subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        run = ""
        for line in running.stdout:
            event = json.loads(line)
            run = event["run"]
            if (event["type"], event["path"]) == ("node.started", "second"):
                break
        os.kill(running.pid, signal.SIGKILL)
    models.write_text(MODELS.replace("DELAY", "0"), encoding="utf-8")
    result = answer(tmp_path, environment, "resume", run, "--models", "models.yaml")
    assert (result["status"], result["outputs"]) == ("ended", {"text": "finished"})
    shown = answer(tmp_path, environment, "runs", run)
    kinds = [(event["type"], event["path"]) for event in shown["events"]]
    assert [event["seq"] for event in shown["events"]] == list(range(1, len(kinds) + 1))
    assert kinds.count(("model.ended", "first")) == 1
    assert kinds.count(("run.ended", "")) == 1


def answer(place: Path, environment: dict[str, str], *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", START, *words, "--json"],
        cwd=place, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return json.loads(done.stdout)
