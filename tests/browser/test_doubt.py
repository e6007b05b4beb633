"""A run whose effect is in doubt after a crash, settled in the browser."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from ..builder_ui.serving import Site, serving

SERVER = """\
from fastmcp import FastMCP

server = FastMCP("mill")


@server.tool
def start(speed: int) -> dict[str, int]:
    "Start the mill."
    return {"speed": speed}


server.run(show_banner=False)
"""
APP = """\
dsl: 1
app: {id: mill, name: Mill, version: 0.1.0}
outputs: {speed: integer}
requires: {tools: {mill: {server: mill, allow: [start]}}}
nodes:
  start: {type: tool, tool: mill.start, in: {speed: 7}, returns: map<integer>}
  done: {type: end, in: {speed: "${start.result.speed}"}}
"""


def run_in_doubt(home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the server end itself between the intent of an effect and its end, and return the run."""
    home.mkdir()
    (home / "mill.py").write_text(SERVER, encoding="utf-8")
    command = f"[{sys.executable!r}, {str(home / 'mill.py')!r}]"
    (home / "servers.yaml").write_text(f"servers: {{mill: {{command: {command}}}}}\n", encoding="utf-8")
    monkeypatch.setenv("BAIGONG_FAILPOINTS", "after_intent")
    with serving(home) as site:
        site.put("mill", APP)
        with site.http() as http, pytest.raises(httpx.TransportError):
            http.post("/v1/apps/mill/runs", json={}, headers={"Prefer": "wait=30"})
            for _ in range(100):
                http.get("/v1/runs")
                time.sleep(0.1)
        site.process.wait(20)
    monkeypatch.delenv("BAIGONG_FAILPOINTS")
    return "mill"


def newest(site: Site) -> dict[str, object]:
    with site.http() as http:
        for _ in range(100):
            found = http.get("/v1/runs").json()["runs"][0]
            if found["status"] not in ("accepted", "running"):
                return found
            time.sleep(0.1)
    raise AssertionError("the run was not taken up")


def test_an_effect_in_doubt_is_settled_beside_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chromium: Browser
) -> None:
    run_in_doubt(tmp_path / "home", monkeypatch)
    with serving(tmp_path / "home") as site:
        run = newest(site)
        assert run["status"] == "doubt", run
        page = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
        page.set_default_timeout(15_000)
        page.goto(site.link())
        page.wait_for_url("**/?lang=*")
        page.goto(f"{site.builder}/runs?run={run['run_id']}&lang=en")
        form = page.locator(".bg-ask")
        expect(form).to_contain_text("Did mill.start happen?")
        form.get_by_role("textbox").fill('{"speed": 7}')
        form.get_by_role("button", name="It happened").click()
        expect(page.locator(".bg-pill.is-ended").first).to_be_visible()
        expect(page.locator('[data-output="speed"]')).to_contain_text("7")
        page.context.close()
