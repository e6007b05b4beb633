from __future__ import annotations

import base64
import copy
import os
import pickle
import stat
from pathlib import Path

import pytest

from runtime.access import SecretKey, WrongKey, load_key
from runtime.access.errors import KeyFileExposed, KeyFileUnusable, KeyInvalid
from runtime.access.key import KEY_FILE

RAW = bytes(range(200, 232))  # its base64 differs between the two alphabets
OTHER = bytes(32)
ABOUT = b"about"


def opens(key: SecretKey, other: SecretKey) -> bool:
    return key.decrypt(*other.encrypt(b"text", ABOUT), ABOUT) == b"text"


@pytest.mark.parametrize(
    "text",
    [
        RAW.hex(),
        RAW.hex().upper(),
        base64.b64encode(RAW).decode(),
        base64.b64encode(RAW).decode().rstrip("="),
        base64.urlsafe_b64encode(RAW).decode(),
        f" {RAW.hex()}\n",
    ],
)
def test_a_setting_holds_a_key_in_hexadecimal_or_base64(text: str, tmp_path: Path) -> None:
    assert opens(load_key(text, tmp_path), SecretKey(RAW))
    assert list(tmp_path.iterdir()) == []


def test_the_two_alphabets_differ_for_the_key_above() -> None:
    assert base64.b64encode(RAW) != base64.urlsafe_b64encode(RAW)


@pytest.mark.parametrize("text", ["", "correct horse battery staple, and so on", RAW.hex()[:-2], "密" * 32, "g" * 64])
def test_another_text_is_no_key(text: str, tmp_path: Path) -> None:
    with pytest.raises(KeyInvalid) as caught:
        load_key(text, tmp_path)
    assert caught.value.where == "BAIGONG_SECRET_KEY"
    assert not text or text not in str(caught.value.to_json())
    assert caught.value.__context__ is None


def test_a_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "keys"
    first = load_key(None, folder)
    file = folder / KEY_FILE
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(base64.b64decode(file.read_text())) == 32
    content = file.read_bytes()
    assert opens(load_key(None, folder), first)
    assert file.read_bytes() == content


def test_the_mode_of_a_new_file_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        load_key(None, tmp_path / "keys")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "keys" / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_two_homes_have_different_keys(tmp_path: Path) -> None:
    with pytest.raises(WrongKey):
        opens(load_key(None, tmp_path / "a"), load_key(None, tmp_path / "b"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o777])
def test_a_file_that_others_may_use_is_refused(mode: int, tmp_path: Path) -> None:
    load_key(None, tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(KeyFileExposed, match=f"its mode is {mode:04o}"):
        load_key(None, tmp_path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    load_key(None, tmp_path / "real")
    (tmp_path / KEY_FILE).symlink_to(tmp_path / "real" / KEY_FILE)
    with pytest.raises(KeyFileUnusable):
        load_key(None, tmp_path)


def test_a_dangling_link_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).symlink_to(tmp_path / "nowhere")
    with pytest.raises(KeyFileUnusable):
        load_key(None, tmp_path)
    assert not (tmp_path / "nowhere").exists()


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / KEY_FILE, 0o600)
    with pytest.raises(KeyFileUnusable, match="no regular file"):
        load_key(None, tmp_path)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(KeyFileUnusable) as caught:
        load_key(None, tmp_path / "keys")
    assert caught.value.where == str(tmp_path / "keys" / KEY_FILE)


def test_a_broken_key_file_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / KEY_FILE
    file.write_text("half a k")
    file.chmod(0o600)
    with pytest.raises(KeyInvalid) as caught:
        load_key(None, tmp_path)
    assert caught.value.where == str(file)
    assert file.read_text() == "half a k"


def test_what_a_value_belongs_to_is_authenticated() -> None:
    key = SecretKey(RAW)
    nonce, sealed = key.encrypt(b"text", b"one")
    assert b"text" not in sealed
    assert key.decrypt(nonce, sealed, b"one") == b"text"
    for changed in (
        (nonce, sealed, b"two"),
        (nonce, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"one"),
        (bytes(12), sealed, b"one"),
        (b"", sealed, b"one"),
        (nonce, b"", b"one"),
    ):
        with pytest.raises(WrongKey):
            key.decrypt(*changed)
    with pytest.raises(WrongKey):
        SecretKey(OTHER).decrypt(nonce, sealed, b"one")


def test_equal_values_are_encrypted_differently() -> None:
    key = SecretKey(RAW)
    assert len({key.encrypt(b"text", ABOUT) for _ in range(20)}) == 20


def test_a_key_shows_itself_to_nobody() -> None:
    key = SecretKey(RAW)
    assert f"{key} {key!r}" == "SecretKey(***) SecretKey(***)"
    for escape in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="never serialised"):
            escape(key)


def test_a_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SecretKey(bytes(16))
