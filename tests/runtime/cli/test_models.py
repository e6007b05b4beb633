"""The commands on models, with a server and a hub of our own behind real sockets."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from runtime.models.local.weights import Weights

from .commands import baigong

SCRIPT = {"script": [{"match": "dog", "data": {"legs": 4}, "repeat": True}, {"text": "A pump.", "repeat": True}]}


class Hub(BaseHTTPRequestHandler):
    """Plays a hub of models and a server that lists its own."""

    files: dict[str, bytes] = {}
    promised: dict[str, str] = {}
    asked: list[tuple[str, str | None]] = []
    models: list[str] = ["qwen3-8b"]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Range")))
        if self.path.startswith("/v1/models"):
            self.answer(json.dumps({"data": [{"id": name} for name in self.models]}).encode())
        elif self.path.startswith("/api/models/plant/small"):
            siblings = [
                {"rfilename": name, "lfs": {"size": len(content), "sha256": self.promised[name]}}
                for name, content in self.files.items()
            ]
            self.answer(json.dumps({"siblings": [{"rfilename": "README.md"}, *siblings]}).encode())
        elif self.path.startswith("/plant/small/resolve/main/"):
            content = self.files[self.path.rpartition("/")[2]]
            start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
            self.answer(content[start:], 206 if start else 200)
        else:
            self.answer(b"{}", 404)

    def answer(self, content: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the library's name
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    Hub.files, Hub.promised, Hub.asked, Hub.models = {}, {}, [], ["qwen3-8b"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    with patch.dict("os.environ", {"HF_ENDPOINT": url}):
        yield url
    server.shutdown()
    server.server_close()
    thread.join()


def declared(place: Path) -> dict[str, Any]:
    return yaml.safe_load((place / "home" / "models.yaml").read_text())["models"]


def write(place: Path, models: dict[str, Any]) -> None:
    (place / "home").mkdir()
    (place / "home" / "models.yaml").write_text(yaml.safe_dump({"models": models}))


def test_models_are_listed_tested_measured_and_forgotten(tmp_path: Path) -> None:
    write(tmp_path, {"scripted/a": {"caps": ["chat", "json"], "options": SCRIPT}})
    code, found = baigong(tmp_path, "models", "list")
    assert (code, found["models"][0]["id"]) == (0, "scripted/a")
    code, report = baigong(tmp_path, "models", "test", "scripted/a")
    assert (code, report["found"], report["missing"]) == (0, ["chat", "json", "vision"], [])
    code, measured = baigong(tmp_path, "models", "bench", "scripted/a", "--requests", "3", "--parallel", "2")
    assert (code, measured["failures"], measured["requests"]) == (0, 0, 3)
    assert measured["tokens"] > 0
    assert baigong(tmp_path, "models", "remove", "scripted/a") == (0, {"id": "scripted/a", "removed": True})
    code, lost = baigong(tmp_path, "models", "test", "scripted/a")
    assert (code, lost["error"]["code"]) == (3, "BG861")


def test_a_model_that_does_not_show_what_it_declares(tmp_path: Path) -> None:
    write(tmp_path, {"scripted/a": {"options": SCRIPT}})
    code, report = baigong(tmp_path, "models", "test", "scripted/a")
    assert (code, report["missing"]) == (1, ["tools"])


def test_a_model_that_fails_to_answer_is_measured_as_such(tmp_path: Path) -> None:
    write(tmp_path, {"scripted/a": {"options": {"script": []}}})
    code, measured = baigong(tmp_path, "models", "bench", "scripted/a", "--requests", "2")
    assert (code, measured["failures"]) == (1, 2)
    assert "BG829" in measured["problem"]


def test_a_server_is_added_by_its_address(tmp_path: Path, hub: str) -> None:
    code, made = baigong(tmp_path, "models", "add", f"{hub}/v1", "--price", "0.2,0.6", "--caps", "chat, json")
    assert (code, made["id"], made["price"]) == (0, "remote/qwen3-8b", {"input": 0.2, "output": 0.6})
    assert declared(tmp_path)["remote/qwen3-8b"]["options"] == {"url": f"{hub}/v1", "model": "qwen3-8b"}
    Hub.models = ["a", "b"]
    code, unclear = baigong(tmp_path, "models", "add", f"{hub}/v1")
    assert (code, unclear["error"]["message"]) == (2, "The server has these models: a, b.")
    code, named = baigong(tmp_path, "models", "add", f"{hub}/v1", "--model", "b", "--name", "Second One")
    assert (code, named["id"]) == (0, "remote/second-one")
    code, nowhere = baigong(tmp_path, "models", "add", "http://127.0.0.1:1/v1")
    assert (code, nowhere["error"]["code"]) == (5, "BG823")


def test_a_file_is_added_with_its_digest(tmp_path: Path) -> None:
    shutil.copy(Weights().file(), tmp_path / "Tiny Model.gguf")
    code, made = baigong(tmp_path, "models", "add", "Tiny Model.gguf")
    assert (code, made["id"], made["context"]) == (0, "local/tiny-model", 8192)
    options = declared(tmp_path)["local/tiny-model"]["options"]
    assert options["sha256"] == hashlib.sha256((tmp_path / "Tiny Model.gguf").read_bytes()).hexdigest()
    (tmp_path / "no.gguf").write_bytes(b"PK\x03\x04")
    code, wrong = baigong(tmp_path, "models", "add", "no.gguf")
    assert (code, wrong["error"]["code"]) == (1, "BG840")


def offers(name: str, content: bytes, digest: str | None = None) -> None:
    Hub.files[name] = content
    Hub.promised[name] = digest or hashlib.sha256(content).hexdigest()


def test_a_file_is_fetched_checked_and_declared(tmp_path: Path, hub: str) -> None:
    content = Weights().file().read_bytes()
    offers("small-Q8_0.gguf", b"GGUF other")
    offers("small-Q4_K_M.gguf", content)
    begun = tmp_path / "home" / "models" / "small-Q4_K_M.gguf.part"
    begun.parent.mkdir(parents=True)
    begun.write_bytes(content[:1000])
    code, made = baigong(tmp_path, "models", "pull", "plant/small")
    assert (code, made["id"]) == (0, "local/small-q4_k_m")
    assert Path(made["path"]).read_bytes() == content
    assert not begun.exists()
    assert [span for path, span in Hub.asked if "resolve" in path] == ["bytes=1000-"]
    assert declared(tmp_path)["local/small-q4_k_m"]["options"]["sha256"] == made["sha256"]


def test_what_is_not_the_promised_file_is_thrown_away(tmp_path: Path, hub: str) -> None:
    offers("a.gguf", b"GGUF wrong", digest="0" * 64)
    code, wrong = baigong(tmp_path, "models", "pull", "plant/small")
    assert (code, wrong["error"]["code"]) == (5, "BG914")
    assert [*(tmp_path / "home" / "models").iterdir()] == []


def test_it_asks_which_file_and_which_repository(tmp_path: Path, hub: str) -> None:
    offers("a.gguf", b"GGUF a")
    offers("b.gguf", b"GGUF b")
    code, which = baigong(tmp_path, "models", "pull", "plant/small")
    assert (code, which["error"]["message"]) == (2, "Which file? There are: a.gguf, b.gguf.")
    assert baigong(tmp_path, "models", "pull", "plant/small", "--file", "c.gguf")[0] == 2
    assert baigong(tmp_path, "models", "pull", "plant/none")[1]["error"]["code"] == "BG911"
    assert baigong(tmp_path, "models", "pull", "../etc")[1]["error"]["code"] == "BG911"


def test_without_a_network_it_says_what_to_do(tmp_path: Path) -> None:
    with patch.dict("os.environ", {"HF_ENDPOINT": "http://127.0.0.1:1"}):
        code, away = baigong(tmp_path, "models", "pull", "plant/small")
    assert (code, away["error"]["code"]) == (5, "BG914")
    assert "baigong models add FILE" in away["error"]["fix"]
    with patch.dict("os.environ", {"BAIGONG_OFFLINE": "true"}):
        code, refused = baigong(tmp_path, "models", "pull", "plant/small")
    assert (code, refused["error"]["where"]) == (5, "BAIGONG_OFFLINE")
