"""Plugins of real distributions: a folder with metadata on the import path is all that Python needs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runtime.base.plugins import PluginError, load, names, pick

GROUP = "baigong.pytest"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def install(site: Path, distribution: str, entries: dict[str, str], module: str = "", code: str = "") -> None:
    metadata = site / f"{distribution}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", "utf-8")
    table = "\n".join(f"{name} = {value}" for name, value in entries.items())
    (metadata / "entry_points.txt").write_text(f"[{GROUP}]\n{table}\n", "utf-8")
    if module:
        (site / f"{module}.py").write_text(code, "utf-8")


def test_an_unknown_group_is_empty() -> None:
    assert names(GROUP) == []
    assert load(GROUP) == {}


def test_plugins_are_loaded_by_name(site: Path) -> None:
    install(site, "acme", {"two": "acme_one:Two", "one": "acme_one:ONE"}, "acme_one", "ONE = 1\nclass Two: ...\n")
    assert names(GROUP) == ["one", "two"]
    loaded = load(GROUP)
    assert list(loaded) == ["one", "two"]
    assert loaded["one"] == 1
    assert pick(GROUP, "two") is loaded["two"]


def test_names_and_other_picks_import_nothing(site: Path) -> None:
    entries = {"good": "acme_good:VALUE", "bad": "acme_bad:VALUE"}
    install(site, "acme", entries, "acme_good", "VALUE = 'x'\n")
    (site / "acme_bad.py").write_text("raise RuntimeError('no gauge')\n", "utf-8")
    assert names(GROUP) == ["bad", "good"]
    assert pick(GROUP, "good") == "x"
    assert "acme_bad" not in sys.modules


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("acme_broken:VALUE", "RuntimeError: no gauge"),
        ("acme_absent:VALUE", "ModuleNotFoundError: No module named 'acme_absent'"),
        ("json:no_such_name", "AttributeError: module 'json' has no attribute 'no_such_name'"),
    ],
)
def test_a_failing_import_names_the_plugin(site: Path, value: str, problem: str) -> None:
    install(site, "acme", {"gauge": value}, "acme_broken", "raise RuntimeError('no gauge')\n")
    with pytest.raises(PluginError) as caught:
        load(GROUP)
    assert caught.value.code == "BG902"
    assert caught.value.message == f"The plugin 'gauge' ({value}) cannot be imported: {problem}."
    assert caught.value.fix == "Repair or uninstall the plugin of the distribution 'acme'."
    assert caught.value.__cause__ is not None


def test_two_plugins_of_one_name_are_refused(site: Path) -> None:
    install(site, "acme", {"gauge": "json:loads"})
    install(site, "umbrella", {"gauge": "json:dumps"})
    with pytest.raises(PluginError, match=r"Two plugins of 'baigong.pytest' are called 'gauge'"):
        names(GROUP)


def test_an_unknown_plugin_is_named_with_the_known_ones(site: Path) -> None:
    install(site, "acme", {"gauge": "json:loads"})
    with pytest.raises(PluginError) as caught:
        pick(GROUP, "gage")
    assert "no plugin 'gage'" in caught.value.message
    assert "Known are: gauge." in str(caught.value.fix)
