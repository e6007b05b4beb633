"""The builder's own HTTP: signing in, the way to the runtime, what is refused, and what every answer says."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from .serving import Site, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site") / "home") as found:
        yield found


def visitor(site: Site) -> httpx.Client:
    return httpx.Client(base_url=site.builder, trust_env=False, timeout=30)


@contextmanager
def signed_in(site: Site) -> Iterator[httpx.Client]:
    with visitor(site) as client:
        assert client.get(site.link()).status_code == 200
        yield client


def test_a_link_signs_in_once_and_the_session_reaches_the_runtime(site: Site) -> None:
    link = site.link()
    with visitor(site) as first, visitor(site) as second:
        page = first.get(link)
        assert 'content="0;url=/"' in page.text
        cookie = page.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
        assert first.get("/api/v1/session").json()["kind"] == "user"
        again = second.get(link)
        assert again.status_code == 403
        assert "baigong login" in again.text
        assert second.get("/api/v1/session").status_code == 401
        assert second.get("/signin?link=<script>").status_code == 403


def test_no_key_passes_and_a_change_needs_our_own_page(site: Site) -> None:
    with visitor(site) as http:
        headers = {"Authorization": f"Bearer {site.key}"}
        assert http.get("/api/v1/apps", headers=headers).status_code == 401
    with signed_in(site) as http:
        path, body = "/api/v1/apps/equipment-doctor/ops", {"client": "c", "seq": 1, "base": 0, "ops": []}
        ours = {"Origin": site.builder, "X-Baigong": "1"}
        foreign = [{}, {"X-Baigong": "1"}, {"Origin": site.builder}, {**ours, "Origin": "http://evil.example"}]
        answers = [http.post(path, json=body, headers=headers) for headers in foreign]
        assert {answer.json()["code"] for answer in answers} == {"BG958"}
        assert http.post(path, json=body, headers=ours).json()["code"] != "BG958"


def test_a_file_goes_up_and_comes_down_and_its_page_is_sandboxed(site: Site) -> None:
    with signed_in(site) as http:
        headers = {"Origin": site.builder, "X-Baigong": "1", "Content-Type": "text/html"}
        content = b"<script>alert(1)</script>" * 1000
        stored = http.post("/api/v1/artifacts?name=a.html", content=content, headers=headers).json()
        found = http.get(f"/api/v1/artifacts/{stored['id']}")
        assert found.content == content
        assert "sandbox" in found.headers["content-security-policy"]
        assert "frame-ancestors 'self'" in found.headers["content-security-policy"]


def test_only_our_own_names_and_pages_are_served(site: Site) -> None:
    host = site.builder.removeprefix("http://")
    with visitor(site) as http:
        assert http.get("/", headers={"Host": f"evil.example:{host.partition(':')[2]}"}).status_code == 421
        page = http.get("/")
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert http.get("/builder?app=x").status_code == 200
    socket = f"ws://{host}/_stcore/stream"
    with connect(socket, origin=site.builder):  # pyright: ignore[reportArgumentType] a text is what it wants
        pass
    for origin in ("http://evil.example", None):
        with pytest.raises(InvalidStatus):
            connect(socket, origin=origin)  # pyright: ignore[reportArgumentType]


def test_the_canvas_is_kept_by_the_browser_and_nothing_else_of_the_folder_is_given_out(site: Site) -> None:
    from builder_ui.assets import canvas_module

    with visitor(site) as http:
        found = http.get(canvas_module())
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert found.headers["content-type"].startswith("text/javascript")
        assert "MIT" in http.get("/canvas/licences.txt").text
        for name in ("nothing.js", "..%2fapp.py", "%2e%2e/app.py"):
            assert "create_app" not in http.get(f"/canvas/{name}").text


def test_the_way_to_the_runtime_changes_no_path_and_leads_to_its_api_alone(site: Site) -> None:
    with signed_in(site) as http:
        told = http.get("/api/v1/runs/a%2Fb%3Fc/events?after=1").json()
        assert told["code"] == "BG953"  # one segment of a path, which no route takes; not another route or a query
        assert http.get("/api/v1/runs?limit=0").json()["code"] == "BG955"
        for path in ("/api/metrics", "/api/healthz", "/api/v1", "/api/%2e%2e/v1/runs"):
            assert http.get(path).status_code in (400, 404)


def test_the_builder_has_none_of_the_servers_settings(site: Site) -> None:
    content = Path(f"/proc/{builder_process(site)}/environ").read_bytes()
    assert b"BAIGONG_" not in content
    assert b"PATH=" in content


def test_a_stream_arrives_piece_by_piece(site: Site) -> None:
    site.put("slowly", SLOW)
    with signed_in(site) as http:
        headers = {"Origin": site.builder, "X-Baigong": "1"}
        run = http.post("/api/v1/apps/slowly/runs", json={}, headers=headers).json()["run_id"]
        pieces: list[float] = []
        with http.stream("GET", f"/api/v1/runs/{run}/events") as stream:
            for line in stream.iter_lines():
                event = json.loads(line[6:]) if line.startswith("data: ") else {}
                if event.get("type") == "model.delta":
                    pieces.append(time.monotonic())
    assert len(pieces) >= 4
    assert pieces[-1] - pieces[0] > 0.3


def test_a_builder_that_dies_is_started_again_and_one_whose_server_dies_ends(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with serving(tmp_path_factory.mktemp("dying") / "home") as site:
        first = builder_process(site)
        os.kill(first, signal.SIGKILL)
        with visitor(site) as http:
            deadline = time.monotonic() + 30
            while builder_process(site) in (0, first) and time.monotonic() < deadline:
                time.sleep(0.1)
            assert http.get("/_stcore/health").status_code == 200
        second = builder_process(site)
        site.process.kill()
        deadline = time.monotonic() + 20
        while alive(second) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not alive(second)


def builder_process(site: Site) -> int:
    """Return the number of the builder's process, a child of the server; 0 while there is none."""
    children = Path(f"/proc/{site.process.pid}/task/{site.process.pid}/children").read_text("ascii").split()
    for child in children:
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        if b"builder_ui" in command:
            return int(child)
    return 0


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


SLOW = """\
dsl: 1
app: {id: slowly, name: Slowly, version: 0.1.0}
outputs: {text: string}
requires: {models: {main: {caps: [chat], prefer: [scripted/slow]}}}
nodes:
  say: {type: llm, model: main, prompt: "slowly", in: {}}
  done: {type: end, in: {text: "${say.text}"}}
"""
