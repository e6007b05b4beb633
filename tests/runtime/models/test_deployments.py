from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runtime.models.deployments import Entry
from runtime.models.endpoint import Endpoint, Limits
from runtime.models.errors import ModelsFileInvalid
from runtime.models.kinds import KINDS, load_catalogue
from runtime.models.script import Entry as ScriptEntry
from runtime.models.script import Script

GOOD = """
models:
  remote/plant:
    caps: [chat, tools]
    context: 32768
    max_tokens: 2048
    price: {input: 0.2, output: 1}
    options: {url: "https://llm.plant.example/v1/", model: qwen3-8b, key: PLANT_KEY, limits: {idle: 5}}
  scripted/demo:
    kind: scripted
    options: {file: demo.yaml, script: [{text: first}]}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "models.yaml").write_text(text, "utf-8")
    return folder / "models.yaml"


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "demo.yaml").write_text("script: [{text: second}]\necho: true", "utf-8")
    plant, demo, *_ = load_catalogue(written(tmp_path, GOOD)).deployments
    assert (plant.id, plant.kind, plant.caps) == ("remote/plant", "remote", {"chat", "tools"})
    assert (plant.context, plant.max_tokens) == (32768, 2048)
    assert plant.price.of(1_000_000, 500_000) == pytest.approx(0.7)
    assert isinstance(plant.options, Endpoint)
    assert plant.options.url == "https://llm.plant.example/v1"
    assert plant.options.limits == Limits(idle=5.0)
    assert isinstance(demo.options, Script)
    assert [entry.text for entry in demo.options.script] == ["first", "second"]
    assert demo.options.echo


def test_no_file_has_no_deployments_but_the_built_in_ones(tmp_path: Path) -> None:
    assert all(deployment.kind in KINDS for deployment in load_catalogue(tmp_path / "models.yaml").deployments)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("models: {scripted/a: {option: {}}}", "options"),
        ("models: {scripted/a: {context: -1}}", "models.yaml:1:"),
        ("models: {scripted/a: {caps: [fly]}}", "models.yaml:1:"),
        ("models: {scripted/a: {price: {input: -1}}}", "models.yaml:1:"),
        ("models: {nowhere/a: {}}", "kinds are embedder, local, remote, scripted"),
        ("models: {scripted/a: {kind: remote}}", "starts with its kind"),
        ("models: {demo: {}}", "demo"),
        ("models: {scripted/a: {options: {ecco: true}}}", "echo"),
        ("models: {scripted/a: {options: {script: [{}]}}}", "one of text, data, calls, error"),
        ("models: {scripted/a: {options: {file: none.yaml}}}", "cannot be read"),
        ("models: {remote/a: {options: {url: 'https://a.example'}}}", "model"),
        ("models: {remote/a: {options: {url: 'ftp://a.example', model: m}}}", "http"),
        ("models: {remote/a: {options: {url: 'https://me:pw@a.example', model: m}}}", "credentials"),
        ("models: {remote/a: {options: {url: 'https://a.example', model: m, key: sk-live-123}}}", "key"),
        ("models: [", "models.yaml:2:1"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ModelsFileInvalid) as caught:
        load_catalogue(written(tmp_path, text))
    assert said in str(caught.value)
    assert "sk-live-123" not in str(caught.value.to_json())
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:1/v1", True),
        ("http://localhost/v1", True),
        ("http://10.0.0.5/v1", False),
        ("https://localhost.evil.example", False),
        ("https://a.example", False),
    ],
)
def test_local_servers_are_known(url: str, local: bool) -> None:
    assert Endpoint(url=url, model="m").local is local


def test_declarations_are_read_without_the_chat_library() -> None:
    code = "import sys, runtime.models.kinds, runtime.models.ports; print('langchain_core' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("page", ["models.md", "models.zh.md"])
def test_the_documented_file_is_true(tmp_path: Path, page: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / page).read_text("utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    assert [found.id for found in load_catalogue(written(tmp_path, example)).deployments][:2] == [
        "remote/plant",
        "scripted/demo",
    ]
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    keys = [*Entry.model_fields, *Endpoint.model_fields, *ScriptEntry.model_fields]
    assert [key for key in keys if not any(row.startswith(f"| `{key}`") for row in rows)] == []
    assert [key for key in Limits.model_fields if f"{key}: " not in text] == []
