"""Which databases the apps of a home may query: those that its administrator lists in `databases.yaml`.

```yaml
databases:
  plant: {url: "sqlite:///data/plant.db", reads: trusted}          # a path in the home folder, or an absolute one
  mes:
    url: postgresql://reader@mes.plant.example/mes
    password: MES_PASSWORD                                         # the name of a secret
    write: true                                                    # apps may change it; else they only read
    ledger: true                                                   # a change is made exactly once, whatever crashes
```

An app names a database and never carries an address.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .errors import ToolError

__all__ = ["DatabaseSpec", "DatabasesInvalid", "listed_databases"]


class DatabasesInvalid(ToolError):
    """The administrator's list of databases is malformed."""

    code = "BG831"
    exit_code = 2
    status = 500


class DatabaseSpec(BaseModel):
    """One database.

    Attributes:
        url: `sqlite:///path` or `postgresql://user@host:port/name`.
        password: The name of the secret that holds the password.
        write: Whether apps may change it.
        ledger: Whether changes are noted in a table of the database itself, `baigong_effects`, so that each is made
            exactly once.
        reads: Whether what it holds can be chosen by somebody outside.
        private: Whether what it holds belongs to the workspace.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    password: str | None = None
    write: bool = False
    ledger: bool = False
    reads: Literal["trusted", "untrusted"] = "untrusted"
    private: bool = True

    @field_validator("url")
    @classmethod
    def _known(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("write sqlite:///path or postgresql://user@host/name")
        return url

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """What it speaks."""
        return "sqlite" if self.url.startswith("sqlite:") else "postgresql"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    databases: dict[str, DatabaseSpec] = Field(default_factory=dict[str, DatabaseSpec])


def listed_databases(home: Path) -> dict[str, DatabaseSpec]:
    """Return the databases of a home by name.

    Raises:
        DatabasesInvalid: `databases.yaml` is malformed.
    """
    path = home / "databases.yaml"
    if not path.is_file():
        return {}
    try:
        return _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {}).databases
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DatabasesInvalid(f"It cannot be read: {error}.", where=str(path)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise DatabasesInvalid(f"{place}: {first['msg']}.", where=str(path)) from error
