from __future__ import annotations

import json

import pytest

from runtime.base.version import VERSION
from runtime.cli import entry, main


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"baigong {VERSION}\n"


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    output = capsys.readouterr().out
    assert output.startswith("Usage: baigong [OPTIONS] COMMAND")
    assert "check " in output


@pytest.mark.parametrize(
    ("words", "message", "command"),
    [
        (["nope"], "No such command 'nope'.", "baigong"),
        (["check"], "Missing argument 'PATH'.", "baigong check"),
        (["fmt", "x", "--loud"], "No such option: --loud", "baigong fmt"),
    ],
)
def test_a_usage_error_is_one_line(
    words: list[str], message: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.err == f"BG911: {message} Run: {command} --help\n"
    assert captured.out == ""


def test_a_usage_error_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {
        "error": {"code": "BG911", "message": "Missing argument 'PATH'.", "fix": "Run: baigong check --help"}
    }
    assert captured.err == ""


def test_json_after_two_dashes_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--", "--json"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("BG705: There is nothing at '--json'.")


def test_an_unexpected_failure_is_exit_code_5(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("no gauge")

    monkeypatch.setattr(entry, "guard", broken)
    assert main(["schema", "--json"]) == 5
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["code"] == "BG900"
    assert "Traceback" in captured.err
    assert "no gauge" in captured.err
