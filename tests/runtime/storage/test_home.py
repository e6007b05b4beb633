from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from runtime.base.settings import Settings
from runtime.storage import Home, HomeBusy, Owner, StorageError, open_home

from .programs import OWN, start


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def other(settings: Settings) -> Iterator[tuple[Popen[str], str]]:
    """Another process that owns the home folder, and its key."""
    process = start(OWN, settings.home)
    assert process.stdout is not None
    yield process, process.stdout.readline().strip()
    process.kill()
    process.communicate()


def test_a_home_is_made_for_its_user_only(home: Home, settings: Settings) -> None:
    assert home.root == settings.home
    assert [mode(folder) for folder in (home.root, home.artifacts, home.keys, home.logs)] == [0o700] * 4


def test_the_folder_of_keys_is_closed_again(settings: Settings) -> None:
    (settings.home / "keys").mkdir(parents=True, mode=0o755)
    with open_home(settings) as home:
        assert mode(home.keys) == 0o700


def test_publishing_keeps_the_key_to_the_user(home: Home) -> None:
    owner = home.publish("http://127.0.0.1:8321")
    again = home.publish("http://127.0.0.1:8321")
    path = home.root / "owner.json"
    assert mode(path) == 0o600
    told = {"pid": os.getpid(), "address": again.address, "key": again.key, "builder": None}
    assert json.loads(path.read_text("utf-8")) == told
    assert owner.key != again.key
    assert len(owner.key or "") >= 32
    assert str(owner.key) not in repr(owner)


def test_a_second_owner_in_the_same_process_is_refused(home: Home, settings: Settings) -> None:
    with pytest.raises(HomeBusy, match=f"process {os.getpid()}"):
        open_home(settings)
    assert Home.owner(home.root) == Owner(pid=os.getpid())


def test_a_home_is_free_after_it_is_closed(settings: Settings) -> None:
    for _ in range(2):
        home = open_home(settings)
        home.publish("http://127.0.0.1:1")
        home.close()
        home.close()
        assert Home.owner(settings.home) is None
        assert not (settings.home / "owner.json").exists()


def test_another_process_that_owns_the_home_is_named(settings: Settings, other: tuple[Popen[str], str]) -> None:
    process, key = other
    with pytest.raises(HomeBusy) as caught:
        open_home(settings)
    address = "http://127.0.0.1:4711"
    assert (caught.value.code, caught.value.exit_code) == ("BG921", 5)
    assert caught.value.details == {"pid": process.pid, "address": address}
    assert key not in str(caught.value)
    assert Home.owner(settings.home) == Owner(pid=process.pid, address=address, key=key)
    assert Home.address(settings.home) == address


def test_a_killed_owner_leaves_the_home_free(settings: Settings, other: tuple[Popen[str], str]) -> None:
    process, _ = other
    process.kill()
    process.wait()
    assert (settings.home / "owner.json").exists()
    assert Home.owner(settings.home) is None
    with open_home(settings) as home:
        assert Home.owner(home.root) == Owner(pid=os.getpid())


def test_there_is_no_owner_where_there_is_no_home(tmp_path: Path) -> None:
    assert Home.owner(tmp_path / "nowhere") is None
    assert Home.address(tmp_path / "nowhere") is None


@pytest.mark.parametrize("text", ["", "[]", '{"pid": "x", "address": 1}', "\udcff"])
def test_a_damaged_note_does_not_hide_a_live_owner(home: Home, text: str) -> None:
    (home.root / "owner.json").write_text(text, "utf-8", "surrogateescape")
    assert Home.owner(home.root) == Owner()


def test_a_home_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as caught:
        open_home(Settings(home=tmp_path / "file" / "home"))
    assert caught.value.code == "BG920"
    assert caught.value.where == str(tmp_path / "file" / "home")
