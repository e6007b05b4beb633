"""How a tool server is reached."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from .policy import Policy

__all__ = ["Deadlines", "ServerSpec", "module_server"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadlines:
    """Seconds for each phase: start or connect, initialize, list the tools, and a call that names no deadline."""

    connect: float = 10.0
    initialize: float = 10.0
    list: float = 10.0
    call: float = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSpec:
    """A tool server: a command that speaks MCP on its standard streams, or the URL of a streamable HTTP endpoint.

    Args:
        command: Program and arguments; empty for a server with a URL.
        url: The endpoint; empty for a server with a command.
        env: Variables on top of a small safe set (`PATH`, `HOME`, …); `{home}` stands for Baigong's home folder.
        headers: HTTP headers for the URL.
        policies: Tool → policy; a tool that is not named has `Policy()`.
        queries: Checkable tool → the tool of the same server that answers a `key` with that call's result or null.
        deadlines: Seconds for each phase.
    """

    command: tuple[str, ...] = ()
    url: str = ""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    policies: Mapping[str, Policy] = field(default_factory=dict[str, Policy])
    queries: Mapping[str, str] = field(default_factory=dict[str, str])
    deadlines: Deadlines = Deadlines()

    def policy(self, tool: str) -> Policy:
        """Return the policy of a tool."""
        return self.policies.get(tool, Policy())


def module_server(module: str, *, policies: Mapping[str, Policy], env: Mapping[str, str] | None = None) -> ServerSpec:
    """Return the spec of a server that is a Python module of this installation; its own folder is not importable."""
    return ServerSpec(command=(sys.executable, "-P", "-m", module), env=env or {}, policies=policies)
