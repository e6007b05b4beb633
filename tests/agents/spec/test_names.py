from __future__ import annotations

import pytest

from agents.errors import BundleError
from agents.spec.names import Intake, checked, ignored


@pytest.mark.parametrize(
    "name", ["app.yaml", "prompts/a b.md", "data/泵机.csv", "kb/手册\u3000一.md", "a/b/c/d.txt", "x", "a..b/c"]
)
def test_good_names(name: str) -> None:
    assert checked(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a\\b",
        "..\\x",
        "C:/x",
        "c:x",
        "a:stream",
        "",
        "a//b",
        "./a",
        "a/",
        "a/.",
        "...",
        " ",
        "a/ /b",
        "a\x00b",
        "a\nb",
        "a\u202eb",
        "a\u2028b",
        chr(0xDC80),
        "x" * 241,
    ],
)
def test_bad_names(name: str) -> None:
    with pytest.raises(BundleError):
        checked(name)


@pytest.mark.parametrize(
    "name", [".git/config", "a/.DS_Store", "__pycache__/a.pyc", "__MACOSX/._app.yaml", "data/Thumbs.db", ".a.b"]
)
def test_names_that_are_left_out(name: str) -> None:
    assert ignored(name)


@pytest.mark.parametrize("name", ["app.yaml", "../x", "a/../b", "./a", "data/x.tmp", "..x", "..\\x"])
def test_names_that_are_not_left_out(name: str) -> None:
    assert not ignored(name)


@pytest.mark.parametrize("twin", ["a.md", "A.md", "\u00c5.md", "A\u030a.md"])
def test_names_that_are_one_on_some_systems(twin: str) -> None:
    intake = Intake()
    intake.admit("a.md", 1)
    intake.admit("\u00e5.md", 1)
    with pytest.raises(BundleError, match="twice"):
        intake.admit(twin, 1)


def test_too_many_files() -> None:
    intake = Intake()
    for number in range(2000):
        intake.admit(f"data/{number}", 0)
    with pytest.raises(BundleError, match="2000 files"):
        intake.admit("one-more", 0)


def test_too_many_bytes() -> None:
    intake = Intake()
    intake.admit("a", 64 * 1024 * 1024)
    with pytest.raises(BundleError, match="64 MB"):
        intake.admit("b", 1)
