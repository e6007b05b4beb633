from __future__ import annotations

import asyncio
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.access import Secret, SecretStore, load_key
from runtime.base.settings import Settings
from runtime.cli import main
from runtime.storage import Database, open_home

VALUE = "hunter2-秘密"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIGONG_HOME", str(settings.home))


def give(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def document(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 JSON
    return json.loads(capsys.readouterr().out)


def resolved(settings: Settings, name: str, key: str | None = None) -> str:
    async def read() -> Secret:
        database = await Database.open(home)
        try:
            return await SecretStore(database, load_key(key, home.keys)).resolve(name)
        finally:
            await database.close()

    with open_home(settings) as home:
        return asyncio.run(read()).reveal()


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_value_comes_from_standard_input(
    end: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, f"\n{VALUE} {end}".encode())
    assert main(["secrets", "set", "MAIL_TOKEN"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("MAIL_TOKEN is set.\n", "")
    assert resolved(settings, "MAIL_TOKEN") == f"\n{VALUE} "


def test_a_value_comes_from_a_file(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "value").write_text(VALUE + "\n")
    assert main(["secrets", "set", "MAIL_TOKEN", "--from-file", str(tmp_path / "value")]) == 0
    assert resolved(settings, "MAIL_TOKEN") == VALUE


@pytest.mark.slow
@pytest.mark.timeout(20)
def test_a_value_comes_from_a_hidden_prompt(settings: Settings) -> None:
    """On a terminal the value is asked for twice, and what is typed is not shown."""
    ours, theirs = pty.openpty()
    code = "import sys; from runtime.cli import main; sys.exit(main(['secrets', 'set', 'A']))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        for question in (b"Value of A: ", b"Once more: "):
            while question not in shown:
                shown += os.read(ours, 1024)
            os.write(ours, f"{VALUE}\n".encode())
        while b"is set" not in shown:
            shown += os.read(ours, 1024)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert VALUE.encode() not in shown
    assert resolved(settings, "A") == VALUE


@pytest.mark.parametrize("words", [["A", VALUE], [VALUE, "A"], ["A", "--", VALUE], ["A", f"--value={VALUE}"], [VALUE]])
def test_a_value_on_the_command_line_is_refused_and_not_repeated(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, b"x")
    assert main(["secrets", "set", *words]) == 2
    captured = capsys.readouterr()
    assert VALUE not in captured.out + captured.err
    assert main(["secrets", "list", "--json"]) == 0
    assert document(capsys) == {"secrets": []}


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe-token", b"x" * 70_000])
def test_a_bad_value_is_refused(
    content: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, content)
    assert main(["secrets", "set", "A"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("BG936: ")
    assert "token" not in captured.err


def test_the_json_of_every_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    give(monkeypatch, VALUE.encode())
    assert main(["secrets", "set", "A", "--json"]) == 0
    info = document(capsys)
    assert info.keys() == {"name", "created", "updated"}
    assert info["created"] == info["updated"]
    assert info["created"].endswith("+00:00")
    assert main(["secrets", "list", "--json"]) == 0
    assert document(capsys) == {"secrets": [info]}
    assert main(["secrets", "rm", "A", "--json"]) == 0
    assert document(capsys) == {"name": "A", "removed": True}
    assert main(["secrets", "rm", "A", "--json"]) == 3
    assert document(capsys)["error"]["code"] == "BG934"


def test_the_list_for_people(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("B", "LONG_NAME"):
        give(monkeypatch, VALUE.encode())
        assert main(["secrets", "set", name]) == 0
    capsys.readouterr()
    assert main(["secrets", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  20")[0] for line in lines] == ["B        ", "LONG_NAME"]


def test_messages_follow_the_language(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("BAIGONG_LANGUAGE", "zh")
    assert main(["secrets", "list"]) == 0
    assert capsys.readouterr().out == "没有设置任何机密。\n"


def test_a_home_with_an_owner_is_busy(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with open_home(settings):
        assert main(["secrets", "list", "--json"]) == 5
    assert document(capsys)["error"]["code"] == "BG921"
    assert main(["secrets", "list"]) == 0


def test_the_key_of_the_setting_is_used(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIGONG_SECRET_KEY", "ab" * 32)
    give(monkeypatch, VALUE.encode())
    assert main(["secrets", "set", "A"]) == 0
    assert list((settings.home / "keys").iterdir()) == []
    assert resolved(settings, "A", key="ab" * 32) == VALUE


def test_an_exposed_key_file_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["secrets", "list"]) == 0
    (settings.home / "keys" / "secret.key").chmod(0o644)
    give(monkeypatch, VALUE.encode())
    assert main(["secrets", "set", "A"]) == 5
    assert "BG931: " in capsys.readouterr().err
