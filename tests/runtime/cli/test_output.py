from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT

PAINT = "import sys; from runtime.cli.output import paint; sys.stdout.write(paint('bad', 'red'))"


def on_terminal(**environ: str) -> bytes:
    """What a program that paints a word writes to a terminal."""
    master, slave = os.openpty()
    try:
        subprocess.run(
            [sys.executable, "-c", PAINT],
            env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
            stdout=slave,
            timeout=60,
            check=True,
        )
        return os.read(master, 100)
    finally:
        os.close(master)
        os.close(slave)


def test_a_terminal_gets_colour() -> None:
    assert on_terminal(NO_COLOR="") == b"\x1b[31m\x1b[1mbad\x1b[0m"


def test_no_color_is_honoured() -> None:
    assert on_terminal(NO_COLOR="1") == b"bad"


def test_a_pipe_gets_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    from runtime.cli.output import paint, say

    say(paint("bad", "red"))
    assert capsys.readouterr().out == "bad\n"
