"""Who acts: made from a credential before any work, and passed down from there; never read from a body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = ["EVERYTHING", "LOCAL_OWNER", "SCOPES", "Principal", "PrincipalKind"]

PrincipalKind: TypeAlias = Literal["owner", "user", "key", "widget", "link"]

EVERYTHING: Final = "*"
"""The scope that includes every other."""


SCOPES: Final = frozenset(
    {
        EVERYTHING, "apps:read", "apps:write", "runs:read", "runs:write", "files:read", "files:write",
        "knowledge:read", "knowledge:write", "tools:read", "models:read", "models:use", "models:write",
        "secrets:write", "keys:write", "metrics:read",
    }
)  # fmt: skip
"""Every scope that a credential may have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Somebody, or something, that acts in one workspace.

    Args:
        workspace: The workspace that everything it reads and writes is in.
        id: Its name in the workspace.
        kind: The owner of the home, a person, an API key, a chat widget or a link for signing in.
        scopes: What it may do.
        app: The one app that it may use, or None for those that its scopes allow.
    """

    workspace: str
    id: str
    kind: PrincipalKind
    scopes: frozenset[str] = frozenset()
    app: str | None = None

    def may(self, scope: str, *, app: str | None = None) -> bool:
        """Whether it may do what the scope names, in the given app or outside any.

        A principal of one app may do nothing outside it.
        """
        if self.app is not None and app != self.app:
            return False
        return scope in self.scopes or EVERYTHING in self.scopes


LOCAL_OWNER: Final = Principal(workspace="main", id="local", kind="owner", scopes=frozenset({EVERYTHING}))
"""Whoever runs a command on the machine that holds the home folder."""
