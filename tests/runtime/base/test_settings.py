from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from runtime.base.settings import Settings, SettingsError, load_settings


def test_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = load_settings()
    assert settings.home == tmp_path / ".local" / "share" / "baigong"
    assert settings.models == settings.home / "models"
    assert (settings.host, settings.port, settings.ui_port) == ("127.0.0.1", 8321, 8320)
    assert settings.language == "en"
    assert settings.secret_key is None
    assert settings.threads >= 1


def test_home_follows_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert load_settings().home == tmp_path / "baigong"


def test_a_relative_xdg_folder_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    assert load_settings().home == tmp_path / ".local" / "share" / "baigong"


def test_the_environment_is_read_on_each_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIGONG_PORT", "9000")
    assert load_settings().port == 9000
    monkeypatch.setenv("BAIGONG_PORT", "9001")
    assert load_settings().port == 9001


def test_every_kind_of_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "0123456789abcdef0123456789abcdef"
    given = {"HOME": "~/plant", "LANGUAGE": "zh", "OFFLINE": "true", "MAX_BODY_MB": "0.5", "SECRET_KEY": key}
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in given.items():
        monkeypatch.setenv(f"BAIGONG_{name}", value)
    settings = load_settings()
    assert settings.home == tmp_path / "plant"
    assert (settings.language, settings.offline, settings.max_body_mb) == ("zh", True, 0.5)
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == key
    assert key not in repr(settings)


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIGONG_PORT", "")
    assert load_settings().port == 8321


@pytest.mark.parametrize(
    ("variable", "value", "accepted"),
    [
        ("BAIGONG_PORT", "abc", "an integer from 1 to 65535"),
        ("BAIGONG_UI_PORT", "70000", "an integer from 1 to 65535"),
        ("BAIGONG_LOG_LEVEL", "loud", "debug, info, warning or error"),
        ("BAIGONG_LANGUAGE", "fr", "en or zh"),
        ("BAIGONG_OFFLINE", "maybe", "true or false"),
        ("BAIGONG_MAX_UPLOAD_MB", "0", "a number above 0, at most 10240"),
        ("BAIGONG_HOME", "~no-such-user/x", "a folder"),
        ("BAIGONG_THREADS", "0", "an integer from 1 to 1024"),
    ],
)
def test_a_bad_value_names_its_variable(
    variable: str, value: str, accepted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.code == "BG901"
    assert caught.value.message == f"Not accepted: {variable}={value}."
    assert caught.value.fix == f"{variable} takes {accepted}."
    assert caught.value.details == {"variables": [variable]}


def test_a_bad_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIGONG_SECRET_KEY", "hunter2")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "BAIGONG_SECRET_KEY" in str(caught.value)
    assert "hunter2" not in f"{caught.value} {caught.value.to_json()} {caught.value.__cause__}"


def test_all_bad_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIGONG_PORT", "abc")
    monkeypatch.setenv("BAIGONG_LANGUAGE", "fr")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.details == {"variables": ["BAIGONG_PORT", "BAIGONG_LANGUAGE"]}


def test_settings_do_not_change(settings: Settings) -> None:
    with pytest.raises(ValidationError):
        settings.port = 1  # pyright: ignore[reportAttributeAccessIssue]
