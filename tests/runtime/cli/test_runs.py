"""The commands on runs, as a person uses them: real processes, a real home, the scripted model."""

from __future__ import annotations

from pathlib import Path

import pytest

from .commands import baigong

APP = """\
dsl: 1
app: {id: greeter, name: Greeter, version: 0.1.0}
inputs: {name: string, rows: {type: list<integer>, default: []}, note: optional<file>}
outputs: {text: string, count: integer, size: optional<integer>}
requires: {models: {main: {caps: [chat]}}}
nodes:
  say: {type: llm, model: main, prompt: "Greet ${name}.", in: {name: "${inputs.name}"}}
  done:
    type: end
    in: {text: "${say.text}", count: "${size(inputs.rows)}", size: "${inputs.?note.size.orValue(null)}"}
"""
PERSON = """\
dsl: 1
app: {id: person, name: Person, version: 0.1.0}
outputs: {note: string}
nodes:
  ask: {type: human, actions: [ok], form: {note: string}}
  done: {type: end, in: {note: "${ask.note}"}}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "app.yaml").write_text(APP, encoding="utf-8")
    (tmp_path / "blind").mkdir()
    (tmp_path / "blind" / "app.yaml").write_text(APP.replace("caps: [chat]", "caps: [vision]"), encoding="utf-8")
    (tmp_path / "models.yaml").write_text("models:\n  scripted/echo: {options: {echo: true}}\n", encoding="utf-8")
    return tmp_path


def test_run_then_replay_without_a_model(place: Path) -> None:
    (place / "rows.json").write_text("[1, 2, 3]")
    (place / "note.txt").write_text("hello")
    code, result = baigong(
        place, "run", "app.yaml", "--models", "models.yaml", "--input", "name=李",
        "--input", "rows=@rows.json", "--input", "note=@note.txt",
    )  # fmt: skip
    assert (code, result["status"]) == (0, "ended")
    assert result["outputs"] == {"text": "Greet 李.", "count": 3, "size": 5}
    assert set(result["usage"]) == {"tokens", "usd", "seconds", "tool_calls"}
    code, again = baigong(place, "replay", result["run_id"])
    assert code == 0
    assert (again["outputs"], again["identical"], again["replay_of"]) == (result["outputs"], True, result["run_id"])
    code, listed = baigong(place, "runs")
    assert [one["status"] for one in listed["runs"]] == ["ended", "ended"]
    code, shown = baigong(place, "runs", result["run_id"])
    assert [event["seq"] for event in shown["events"]] == list(range(1, len(shown["events"]) + 1))


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["run", "app.yaml", "--models", "models.yaml"], 1, "BG733"),
        (["run", "app.yaml", "--models", "models.yaml", "--input", "name"], 2, "BG911"),
        (["run", "app.yaml", "--models", "models.yaml", "--input", "name=@gone.txt"], 2, "BG911"),
        (["run", "app.yaml", "--models", "models.yaml", "--input", "name=x", "--input", "rows=x"], 2, "BG911"),
        (["run", "gone", "--input", "name=x"], 3, "BG942"),
        (["run", "blind"], 1, "BG742"),
        (["replay", "run_none"], 3, "BG731"),
        (["cancel", "run_none"], 3, "BG731"),
    ],
)
def test_mistakes_have_a_code_and_an_exit_code(place: Path, words: list[str], code: int, error: str) -> None:
    found, result = baigong(place, *words)
    assert (found, result["error"]["code"]) == (code, error)


def test_a_person_is_waited_for_and_answered(place: Path) -> None:
    (place / "app.yaml").write_text(PERSON, encoding="utf-8")
    code, result = baigong(place, "run", "app.yaml")
    assert (code, result["status"]) == (6, "waiting")
    code, asked = baigong(place, "answer", result["run_id"])
    assert (code, [ask["path"] for ask in asked["asks"]]) == (0, ["ask"])
    code, refused = baigong(place, "answer", result["run_id"], "ok")
    assert (code, refused["error"]["code"]) == (1, "BG741")
    code, result = baigong(place, "answer", result["run_id"], "ok", "--field", "note=fine")
    assert (code, result["outputs"]) == (0, {"note": "fine"})


@pytest.mark.slow
def test_fork_rerun_and_diff(place: Path) -> None:
    _, run = baigong(place, "run", "app.yaml", "--models", "models.yaml", "--input", "name=Li")
    code, fork = baigong(place, "fork", run["run_id"], "--set", "say.text=set by hand")
    assert (code, fork["outputs"]["text"], fork["fork_of"]) == (0, "set by hand", run["run_id"])
    code, found = baigong(place, "diff", run["run_id"], fork["run_id"])
    assert code == 1
    by_path = {one["path"]: one for one in found["nodes"]}
    assert by_path["say"]["changed"]["ports.text"] == ["Greet Li.", "set by hand"]
    code, again = baigong(place, "rerun", run["run_id"], "--from", "say", "--models", "models.yaml")
    assert (code, again["outputs"]) == (0, run["outputs"])
    assert baigong(place, "diff", run["run_id"], again["run_id"])[0] == 0
    code, error = baigong(place, "rerun", run["run_id"])
    assert (code, error["error"]["code"]) == (2, "BG911")
    code, error = baigong(place, "fork", run["run_id"], "--set", "said.text=x")
    assert (code, error["error"]["code"]) == (3, "BG744")


@pytest.mark.slow
def test_one_node_on_pinned_values(place: Path) -> None:
    code, run = baigong(place, "run", "app.yaml", "--only", "done", "--pin", "say.text=@models.yaml")
    assert code == 0, run
    assert run["outputs"]["text"].startswith("models:")
    code, run = baigong(place, "run", "app.yaml", "--input", "name=x", "--pin", "say.text=pinned")
    assert (code, run["outputs"]["text"]) == (0, "pinned")
    code, error = baigong(place, "run", "app.yaml", "--pin", "say=1")
    assert (code, error["error"]["code"]) == (2, "BG911")
