"""Servers and workers that share a database, as a person starts them: real processes, a real PostgreSQL server."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from runtime.cli import main
from tests.postgres import postgres

from .test_up import START, environment

APP = (
    "dsl: 1\napp: {id: pages, name: Pages, version: 0.1.0}\ninputs: {q: string}\noutputs: {a: string}\n"
    "nodes:\n  page: {type: template, text: 'On ${q}.', in: {q: '${inputs.q}'}}\n"
    "  done: {type: end, in: {a: '${page.text}'}}\n"
)


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[dict[str, str]]:
    with postgres() as url:
        yield {
            "BAIGONG_DATABASE_URL": url,
            "BAIGONG_BACKEND": "dbos",
            "BAIGONG_ARTIFACTS": str(tmp_path / "files"),
            "BAIGONG_SECRET_KEY": "ab" * 32,
        }


def test_a_worker_needs_a_database_that_several_can_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAIGONG_HOME", str(tmp_path / "home"))
    assert main(["worker"]) == 2
    assert "BG751" in capsys.readouterr().err
    monkeypatch.setenv("BAIGONG_BACKEND", "dbos")
    assert main(["runs"]) == 2
    assert "BG751" in capsys.readouterr().err
    monkeypatch.setenv("BAIGONG_DATABASE_URL", "mysql://ann:hidden-word@host/x")
    assert main(["runs"]) == 2
    told = capsys.readouterr().err
    assert "BG901" in told
    assert "hidden-word" not in told


@pytest.mark.slow
def test_a_worker_takes_runs_from_the_queue_and_ends_in_order(tmp_path: Path, shared: dict[str, str]) -> None:
    def start(name: str, *words: str) -> subprocess.Popen[str]:
        place = tmp_path / name
        place.mkdir()
        return stack.enter_context(
            subprocess.Popen(
                [*START, *words], cwd=place, env={**environment(place), **shared}, stdout=subprocess.PIPE, text=True
            )
        )

    with ExitStack() as stack:
        server = start("server", "up", "--api-only", "--port", "0", "--json")
        assert server.stdout is not None
        told = json.loads(server.stdout.readline())
        worker = start("worker", "worker")
        assert worker.stdout is not None
        assert "Ctrl+C" in worker.stdout.readline()
        http = stack.enter_context(
            httpx.Client(base_url=told["url"], headers={"Authorization": f"Bearer {told['key']}"})
        )
        assert http.post("/v1/apps", content=APP.encode()).status_code in (200, 201)
        made = [http.post("/v1/apps/pages/runs", json={"inputs": {"q": str(n)}}).json() for n in range(12)]
        assert {one["status"] for one in made} == {"accepted"}
        ends = time.monotonic() + 60
        left = {one["run_id"] for one in made}
        while left and time.monotonic() < ends:
            time.sleep(0.1)
            left -= {run for run in left if http.get(f"/v1/runs/{run}").json()["status"] == "ended"}
        assert left == set()
        for process in (worker, server):
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
