"""From what the compiler found to an app that can run."""

from __future__ import annotations

from agents.compiler import Compilation
from agents.graph import CompiledApp

from .errors import AppBroken

__all__ = ["ready"]


def ready(found: Compilation) -> CompiledApp:
    """Return the app of a compilation.

    Raises:
        AppBroken: There is none; the error names the first finding and holds them all.
    """
    if found.app is not None:
        return found.app
    errors = [finding for finding in found.diagnostics if finding.severity == "error"]
    first = errors[0]
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    raise AppBroken(
        f"The app has errors: {first.code} {first.en}{more}",
        where=first.path or "app.yaml",
        fix="Run: baigong check PATH",
        details={"diagnostics": [finding.to_json() for finding in found.diagnostics]},
    )
