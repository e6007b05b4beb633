"""Findings about the text of an app; the node follows from the path."""

from __future__ import annotations

from collections.abc import Mapping

from ..diagnostics import Diagnostic, Fix, Phrase, diagnose
from .pointer import node_of

__all__ = ["MAX_FINDINGS", "Phrase", "finding"]

MAX_FINDINGS = 100
"""Nobody reads more about one file, and an attacker shall not make us write more."""


def finding(
    code: str, path: str, names: Mapping[str, str | Phrase], *, file: str = "app.yaml", fix: Fix | None = None
) -> Diagnostic:
    """Make a finding from the catalogue's text; see `diagnose`."""
    return diagnose(code, path, names, node=node_of(path) if file == "app.yaml" else None, file=file, fix=fix)
