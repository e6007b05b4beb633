from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.spec import read_bundle
from runtime.cli import main

HELLO = """\
dsl: 1
app: {id: hello, name: {en: Hello, zh: 你好}, version: 0.1.0}
inputs: {name: string}
outputs: {greeting: string}
nodes:
  # The only node.
  done: {type: end, in: {greeting: "Hello, ${inputs.name}!"}}
"""
LOOSE = HELLO.replace("outputs: {greeting: string}", "outputs:   {greeting:   string}")
WRONG = HELLO.replace("inputs.name}", "inputs.nam}")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "app.yaml").write_text(HELLO, "utf-8")
    return folder


def put(app: Path, text: str) -> None:
    (app / "app.yaml").write_text(text, "utf-8")


def test_check_of_a_good_app(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(app)]) == 0
    assert capsys.readouterr().out == "No problems found.\n"


def test_check_takes_the_file_as_well(app: Path) -> None:
    assert main(["check", str(app / "app.yaml")]) == 0


def test_check_of_a_bad_app(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(app, WRONG)
    assert main(["check", str(app)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("error BG")
    assert "nodes.done.in.greeting (line 7): " in lines[0]
    assert lines[-1] == "1 error"


def test_check_speaks_chinese(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(app, WRONG)
    assert main(["check", str(app), "--lang", "zh"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("错误 BG")
    assert lines[-1] == "1 个错误"


def test_check_follows_the_setting(
    app: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAIGONG_LANGUAGE", "zh")
    assert main(["check", str(app)]) == 0
    assert capsys.readouterr().out == "没有发现问题。\n"


def test_check_as_json(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(app), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "diagnostics": []}
    put(app, WRONG)
    assert main(["check", str(app), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    [finding] = report["diagnostics"]
    assert (finding["severity"], finding["path"], finding["line"]) == ("error", "/nodes/done/in/greeting", 7)
    assert set(finding["message"]) == {"en", "zh"}


@pytest.mark.parametrize("command", ["check", "fmt"])
def test_a_missing_app_is_exit_code_3(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(tmp_path / "nope"), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "BG705"
    assert main([command, str(tmp_path / "nope")]) == 3
    captured = capsys.readouterr()
    assert captured.err.startswith("BG705: There is nothing at ")
    assert captured.out == ""


def test_fmt_makes_a_file_canonical(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(app, LOOSE)
    assert main(["fmt", str(app)]) == 0
    assert capsys.readouterr().out == f"{app}: rewritten\n"
    assert (app / "app.yaml").read_text("utf-8") == HELLO


def test_fmt_leaves_a_canonical_file(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (app / "app.yaml").stat().st_mtime_ns
    assert main(["fmt", str(app)]) == 0
    assert capsys.readouterr().out == ""
    assert (app / "app.yaml").stat().st_mtime_ns == before


def test_fmt_check_changes_nothing(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", str(app), "--check"]) == 0
    put(app, LOOSE)
    assert main(["fmt", str(app), "--check"]) == 1
    assert capsys.readouterr().out == f"{app}: not in canonical form\n"
    assert (app / "app.yaml").read_text("utf-8") == LOOSE


def test_fmt_as_json(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(app, LOOSE)
    assert main(["fmt", str(app), "--check", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"changed": True, "written": False}
    assert main(["fmt", str(app), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"changed": True, "written": True}
    assert main(["fmt", str(app), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"changed": False, "written": False}


def test_fmt_ends_lines_in_one_way(app: Path) -> None:
    (app / "app.yaml").write_bytes(HELLO.replace("\n", "\r\n").encode())
    assert main(["fmt", str(app)]) == 0
    assert (app / "app.yaml").read_bytes() == HELLO.encode()


def test_fmt_leaves_a_broken_file(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(app, "dsl: [1")
    assert main(["fmt", str(app)]) == 1
    assert capsys.readouterr().err.startswith("BG701: ")
    assert (app / "app.yaml").read_text("utf-8") == "dsl: [1"


def test_fmt_keeps_the_other_files(app: Path) -> None:
    put(app, LOOSE)
    (app / "prompts").mkdir()
    (app / "prompts" / "ask.md").write_text("Ask ${name}.\n", "utf-8")
    assert main(["fmt", str(app)]) == 0
    assert dict(read_bundle(app).files) == {"app.yaml": HELLO.encode(), "prompts/ask.md": b"Ask ${name}.\n"}


def test_schema_describes_an_app(capsys: pytest.CaptureFixture[str]) -> None:
    from jsonschema import Draft202012Validator

    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(schema)
    assert {"app", "nodes", "outputs"} <= set(schema["properties"])


def test_fix_diff_merge_and_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def command(*words: str) -> tuple[int, Any]:
        code = main([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    text = "dsl: 1\napp: {id: one, name: One, version: 0.1.0}\noutputs: {a: string}\nnodes:\n"
    base, ours, theirs = (tmp_path / name for name in ("base", "ours", "theirs"))
    for folder, more in ((base, ""), (ours, "  # mine\n  say: {type: reply, in: {text: hi}}\n"), (theirs, "")):
        folder.mkdir()
        (folder / "app.yaml").write_text(text + more + "  done: {type: end, in: {a: x}}\n", encoding="utf-8")
    (theirs / "app.yaml").write_text((theirs / "app.yaml").read_text().replace("0.1.0", "0.2.0"), encoding="utf-8")
    code, found = command("diff", str(base), str(ours))
    assert (code, [one["path"] for one in found["changes"]]) == (1, ["/nodes/say"])
    code, found = command("merge", str(base), str(ours), str(theirs))
    assert (code, found) == (0, {"written": True, "conflicts": []})
    merged = (ours / "app.yaml").read_text()
    assert "0.2.0" in merged
    assert "# mine" in merged
    (base / "app.yaml").write_text((base / "app.yaml").read_text().replace("type: end", "type: ende"), encoding="utf-8")
    code, found = command("check", str(base), "--fix")
    assert (code, found["ok"], [one["code"] for one in found["fixed"]]) == (0, True, ["BG201"])
    assert "type: end," in (base / "app.yaml").read_text()
    code, found = command("export", str(ours), "--out", str(tmp_path / "one.zip"))
    assert code == 0
    assert command("diff", str(tmp_path / "one.zip"), str(ours))[0] == 0


def test_an_app_that_is_taken_in_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*words: str) -> tuple[int, Any]:
        code = main([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    monkeypatch.setenv("BAIGONG_HOME", str(tmp_path / "home"))
    text = (
        "dsl: 1\napp: {id: one, name: One, version: 0.1.0}\noutputs: {a: string}\n"
        "requires: {models: {main: {}}, tools: {p: {server: plant, allow: [act]}}, secrets: [TOKEN]}\n"
        "publish: {api: true}\npolicy: {egress: [plant.example]}\n"
        "nodes:\n  done: {type: end, in: {a: x}}\n"
    )
    app = tmp_path / "app"
    app.mkdir()
    (app / "app.yaml").write_text(text, encoding="utf-8")
    code, found = command("import", str(app))
    assert code == 0, found
    needs = found["needs"]
    assert needs["tools"] == [
        {
            "name": "p.act", "server": "plant", "locked": False, "effect": "irreversible", "effect_class": "once",
            "approval": "effects",
        }
    ]  # fmt: skip
    assert (needs["secrets"], needs["hosts"], needs["surfaces"]) == (["TOKEN"], ["plant.example"], ["api"])
    (app / "app.yaml").write_text(
        text.replace("secrets: [TOKEN]", "databases: {d: plant}, apps: {sub: {app: inner}}"), encoding="utf-8"
    )
    assert main(["import", str(app)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert {"  database d: plant", "  app sub: inner, at no fixed version"} <= set(told)
    (app / "app.yaml").write_text(text, encoding="utf-8")
    assert main(["import", str(app)]) == 0
    capsys.readouterr()
    code, found = command("export", "one", "--out", str(tmp_path / "again.zip"))
    assert code == 0
    assert command("diff", str(tmp_path / "again.zip"), str(app))[0] == 0
