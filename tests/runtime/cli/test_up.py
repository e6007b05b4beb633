"""The server as a person starts it: real processes on free ports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from .commands import baigong

START = (sys.executable, "-c", "import sys; from runtime.cli import main; sys.exit(main())")
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


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "app.yaml").write_text(APP, encoding="utf-8")
    delay(tmp_path, 0)
    return tmp_path


def delay(place: Path, seconds: int) -> None:
    (place / "home" / "models.yaml").write_text(MODELS.replace("DELAY", str(seconds)), encoding="utf-8")


def environment(place: Path) -> dict[str, str]:
    return {**os.environ, "BAIGONG_HOME": str(place / "home"), "PYTHONUNBUFFERED": "1"}


@contextmanager
def server(place: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Start a server and wait for its one line."""
    with subprocess.Popen(
        [*START, "up", "--api-only", "--port", "0", "--json", *words],
        cwd=place, env=environment(place), stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.terminate()


def client(said: dict[str, Any]) -> httpx.Client:
    return httpx.Client(base_url=said["url"], headers={"Authorization": f"Bearer {said['key']}"}, trust_env=False)


def test_a_new_home_prints_its_key_once_and_ends_in_order(place: Path) -> None:
    with server(place) as (process, said):
        assert httpx.get(f"{said['url']}/readyz", trust_env=False).status_code == 200
        with client(said) as http:
            assert http.get("/v1/session").json()["kind"] == "key"
        assert baigong(place, "login")[1]["link"].startswith("bgl_")
        assert said["builder"] is None
        process.terminate()
        assert process.wait(20) == 0
    assert not (place / "home" / "owner.json").exists()
    with server(place) as (_, said):
        assert said["key"] is None
    with server(place, "--new-key") as (_, said), client(said) as http:
        assert len(http.get("/v1/keys").json()["keys"]) == 2
    assert baigong(place, "login")[1]["error"]["code"] == "BG911"


def test_commands_are_clients_of_a_server_that_owns_the_home(place: Path) -> None:
    with server(place) as (process, said):
        code, result = baigong(place, "run", "app")
        assert (code, result["outputs"]) == (0, {"text": "finished"})
        code, listed = baigong(place, "runs")
        assert [one["run_id"] for one in listed["runs"]] == [result["run_id"]]
        assert baigong(place, "replay", result["run_id"])[1]["identical"]
        assert baigong(place, "kb", "create", "manuals", "--embedder", "hashing")[0] == 0
        (place / "a.md").write_text("# Pump\nChange the oil.", encoding="utf-8")
        assert baigong(place, "kb", "add", "manuals", "a.md", "app/app.yaml")[1]["added"] == ["a.md"]
        assert baigong(place, "kb", "search", "manuals", "oil")[1]["hits"][0]["document"] == "a.md"
        assert baigong(place, "lock", "app")[1]["written"]
        code, refused = baigong(place, "run", "app", "--models", "x.yaml")
        assert (code, refused["error"]["code"]) == (2, "BG911")
        code, second = baigong(place, "up", "--port", "0")
        assert (code, second["error"]["code"]) == (5, "BG921")
        assert said["url"] in second["error"]["message"]
        os.kill(process.pid, signal.SIGKILL)
        process.wait(20)
    assert [one["run_id"] for one in baigong(place, "runs", "--status", "ended")[1]["runs"]][-1] == result["run_id"]


def test_a_run_outlives_its_client_and_a_killed_server(place: Path) -> None:
    delay(place, 60)
    with server(place) as (process, said), client(said) as http:
        stored = http.post("/v1/bundles", content=APP.encode()).json()
        run = http.post(f"/v1/bundles/{stored['digest']}/runs", json={}).json()["run_id"]
        with http.stream("GET", f"/v1/runs/{run}/events") as events:
            for line in events.iter_lines():
                event = json.loads(line[6:]) if line.startswith("data: ") else {}
                if (event.get("type"), event.get("path")) == ("node.started", "second"):
                    break
        os.kill(process.pid, signal.SIGKILL)
        process.wait(20)
    delay(place, 0)
    with server(place, "--new-key") as (_, said), client(said) as http:
        done = http.get(f"/v1/runs/{run}", headers={"Prefer": "wait=30"}, timeout=40)
        deadline = time.monotonic() + 30
        while done.json()["status"] != "ended" and time.monotonic() < deadline:
            done = http.get(f"/v1/runs/{run}", headers={"Prefer": "wait=5"}, timeout=40)
        assert done.json()["outputs"] == {"text": "finished"}
        events = http.get(f"/v1/runs/{run}/events", headers={"Accept": "application/json"}).json()["events"]
        kinds = [(event["type"], event["path"]) for event in events]
        assert kinds.count(("model.ended", "first")) == 1
        assert kinds.count(("run.ended", "")) == 1


def test_a_further_host_name_is_served_where_a_setting_names_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIGONG_ALLOWED_HOSTS", "plant.example, other.example")
    with server(place) as (_, said):
        for name, status in (("plant.example:8321", 200), ("evil.example", 421)):
            answer = httpx.get(f"{said['url']}/healthz", headers={"Host": name}, trust_env=False)
            assert answer.status_code == status


def test_a_port_in_use_is_named(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, refused = baigong(place, "up", "--port", str(port))
    assert (code, refused["error"]["code"]) == (5, "BG960")
    assert str(port) in refused["error"]["message"]
    assert not (place / "home" / "baigong.db").exists()
