"""Settings of a process, read from environment variables that start with `BAIGONG_`.

There is no global settings object: the entry point calls `load_settings` once and passes the result down; a test makes
its own `Settings`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import BaigongError
from .language import Language, of_locale
from .networks import read_networks

__all__ = ["Settings", "SettingsError", "accepted_by", "load_settings", "variable_of"]

LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]

_PREFIX = "BAIGONG_"


class SettingsError(BaigongError):
    """An environment variable has a value that its setting does not accept."""

    code = "BG901"
    exit_code = 2


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:  # ~name of an unknown user
        raise ValueError(str(error)) from error


def _networks(text: str | None) -> str | None:
    read_networks(text or "")
    return text


@dataclass(frozen=True, slots=True)
class Accepts:
    """A field's accepted values, in the words that the documentation and BG901 use."""

    text: str


Folder: TypeAlias = Annotated[Path, AfterValidator(_absolute), Accepts("a folder")]
Port: TypeAlias = Annotated[int, Field(ge=1, le=65535), Accepts("an integer from 1 to 65535")]
Secret: TypeAlias = Annotated[SecretStr, Field(min_length=32)]


def _postgres(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("not the address of a PostgreSQL database")
    return url


DatabaseUrl: TypeAlias = Annotated[SecretStr, AfterValidator(_postgres)]


def _default_home() -> Path:
    """Return the user's data folder, after the XDG Base Directory Specification 0.8 (a relative path is ignored)."""
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (data if data.is_absolute() else Path.home() / ".local" / "share") / "baigong"


def _default_models(known: dict[str, Path]) -> Path:
    return known["home"] / "models"


def _default_artifacts(known: dict[str, Path]) -> Path:
    return known["home"] / "artifacts"


def _default_language() -> Language:
    return of_locale(os.environ)


def _default_threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseSettings):
    """Everything that may differ between two machines, with the environment as its source.

    An empty variable counts as absent. `docs/settings.md` describes every field.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    home: Folder = Field(
        default_factory=_default_home,
        description="The folder that holds the database, artifacts, indexes and keys.",
    )
    models: Folder = Field(
        default_factory=_default_models,
        description="The folder for downloaded model files; `models` in the home folder unless set.",
    )
    host: Annotated[str, Field(min_length=1), Accepts("an address of this machine")] = Field(
        default="127.0.0.1",
        description="The address that the server and the builder listen on.",
    )
    allowed_hosts: Annotated[str | None, Accepts("host names, separated by commas")] = Field(
        default=None,
        description="Further names by which the server may be called, where it listens beyond this machine.",
    )
    port: Port = Field(default=8321, description="The server's port.")
    ui_port: Port = Field(default=8320, description="The builder's port.")
    log_level: Annotated[LogLevel, Accepts("debug, info, warning or error")] = Field(
        default="info",
        description="The least important log lines that are written.",
    )
    language: Annotated[Language, Accepts("en or zh")] = Field(
        default_factory=_default_language,
        description="The language of messages and of the builder; from the locale unless set.",
    )
    database_url: Annotated[DatabaseUrl | None, Accepts("an address such as postgresql://user:password@host/name")] = (
        Field(
            default=None,
            description="A PostgreSQL database, which several servers may share; a file in the home folder unless set.",
        )
    )
    backend: Annotated[Literal["inline", "dbos"], Accepts("inline or dbos")] = Field(
        default="inline",
        description="Where runs that nobody waits for are at work: where they are accepted, or where a queue has room.",
    )
    artifacts: Folder = Field(
        default_factory=_default_artifacts,
        description="The folder of stored files, one for all servers of a database; in the home folder unless set.",
    )
    secret_key: Annotated[Secret | None, Accepts("32 bytes in hexadecimal or base64")] = Field(
        default=None,
        description="The key that encrypts stored secrets; without it a key file is kept in the home folder.",
    )
    offline: Annotated[bool, Accepts("true or false")] = Field(
        default=False,
        description="Refuse every connection that leaves this machine.",
    )
    inner_networks: Annotated[str | None, AfterValidator(_networks), Accepts("networks, separated by commas")] = Field(
        default=None,
        description="Networks that are not public and that apps may reach all the same, such as `10.0.0.0/8`.",
    )
    threads: Annotated[int, Field(ge=1, le=1024), Accepts("an integer from 1 to 1024")] = Field(
        default_factory=_default_threads,
        description="The threads of a local model; the processor cores that this process may use unless set.",
    )
    models_mb: Annotated[int | None, Field(ge=64), Accepts("an integer from 64")] = Field(
        default=None,
        description="MiB of memory that local models may use together; three quarters of the machine's by default.",
    )
    unlisted_models: Annotated[bool, Accepts("true or false")] = Field(
        default=False,
        description="Load model files whose digest does not stand in models.yaml.",
    )
    retain_days: Annotated[int | None, Field(ge=1, le=36500), Accepts("an integer from 1 to 36500")] = Field(
        default=None,
        description="The days after which runs are forgotten whose app does not say otherwise; for ever unless set.",
    )
    day_usd: Annotated[float | None, Field(gt=0), Accepts("a number above 0")] = Field(
        default=None,
        description="The US dollars that all runs of a workspace may cost on one day; no limit unless set.",
    )
    day_tokens: Annotated[int | None, Field(gt=0), Accepts("an integer above 0")] = Field(
        default=None,
        description="The tokens that all runs of a workspace may use on one day; no limit unless set.",
    )
    max_runs: Annotated[int, Field(ge=1, le=10_000), Accepts("an integer from 1 to 10000")] = Field(
        default=64,
        description="The runs that are at work at a time; others wait, and no app holds more than three quarters.",
    )
    max_runs_workspace: Annotated[int | None, Field(ge=1), Accepts("an integer above 0")] = Field(
        default=None,
        description="The runs of one workspace that are at work at a time; all places unless set.",
    )
    max_body_mb: Annotated[float, Field(gt=0, le=1024), Accepts("a number above 0, at most 1024")] = Field(
        default=4.0,
        description="The largest body of a request to the API, in MiB.",
    )
    max_upload_mb: Annotated[float, Field(gt=0, le=10240), Accepts("a number above 0, at most 10240")] = Field(
        default=200.0,
        description="The largest uploaded file, in MiB.",
    )


def load_settings() -> Settings:
    """Read the settings from the environment, afresh on each call.

    Raises:
        SettingsError: A variable's value is not accepted; the message names it and what is accepted.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise _explain(error) from error


def _explain(error: ValidationError) -> SettingsError:
    inputs: dict[str, object] = {
        str(detail["loc"][0]): detail["input"]
        for detail in error.errors()
        if detail["type"] != "default_factory_not_called"
    }
    return SettingsError(
        f"Not accepted: {', '.join(_shown(name, value) for name, value in inputs.items())}.",
        where="environment",
        fix=" ".join(f"{variable_of(name)} takes {accepted_by(name)}." for name in inputs),
        details={"variables": [variable_of(name) for name in inputs]},
    )


def variable_of(name: str) -> str:
    """Return the environment variable of the field `name`."""
    return _PREFIX + name.upper()


def accepted_by(name: str) -> str:
    """Return what the field `name` accepts, in words."""
    return next(mark.text for mark in Settings.model_fields[name].metadata if isinstance(mark, Accepts))


def _shown(name: str, value: object) -> str:
    secret = name in ("secret_key", "database_url")
    return f"{variable_of(name)} (a secret)" if secret else f"{variable_of(name)}={value}"
