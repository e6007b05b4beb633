"""Which tool servers a home may start: the built-in ones, and those that its administrator lists in `servers.yaml`.

```yaml
servers:
  erp:
    command: [erp-mcp, --stdio]     # or url: https://erp.plant.example/mcp
    env: {ERP_SITE: hefei}
    tools: {read_order: {effect_class: pure, effect: none, approval: never}}
    queries: {}                     # checkable tool → its status query
```

An app names a server and never carries a command.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from runtime.base.plugins import load

from .errors import ServersInvalid
from .policy import Policy
from .spec import ServerSpec

__all__ = ["GROUP", "registered"]

GROUP = "baigong.tools"
_POLICY = TypeAdapter(Policy)


class _Entry(BaseModel):
    """One server of the file."""

    model_config = ConfigDict(extra="forbid")

    command: list[str] = Field(default_factory=list[str])
    url: str = ""
    env: dict[str, str] = Field(default_factory=dict[str, str])
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    tools: dict[str, dict[str, Any]] = Field(default_factory=dict[str, dict[str, Any]])
    queries: dict[str, str] = Field(default_factory=dict[str, str])

    @model_validator(mode="after")
    def _reachable(self) -> _Entry:
        if bool(self.command) == bool(self.url):
            raise ValueError("give either a command or a url")
        return self

    def spec(self) -> ServerSpec:
        """Return the entry as a spec."""
        policies = {name: _POLICY.validate_python(policy) for name, policy in self.tools.items()}
        return ServerSpec(
            command=tuple(self.command), url=self.url, env=self.env, headers=self.headers, policies=policies,
            queries=self.queries,
        )  # fmt: skip


class _File(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    servers: dict[str, _Entry] = Field(default_factory=dict[str, _Entry])


def registered(home: Path) -> dict[str, ServerSpec]:
    """Return every server of a home by name; the administrator's entry wins over a built-in one of the same name.

    Raises:
        PluginError: A built-in or installed server cannot be imported.
        ServersInvalid: `servers.yaml` is malformed.
    """
    built_in = {name: spec for name, spec in load(GROUP).items() if isinstance(spec, ServerSpec)}
    return {name: _at_home(spec, home) for name, spec in (built_in | _listed(home / "servers.yaml")).items()}


def _at_home(spec: ServerSpec, home: Path) -> ServerSpec:
    return replace(spec, env={name: value.replace("{home}", str(home)) for name, value in spec.env.items()})


def _listed(path: Path) -> dict[str, ServerSpec]:
    if not path.is_file():
        return {}
    try:
        read = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        return {name: entry.spec() for name, entry in read.servers.items()}
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        raise ServersInvalid(
            f"The list of tool servers cannot be read: {error}", where=str(path), fix="Correct the entry named above."
        ) from error
