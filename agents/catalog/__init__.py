"""The apps that are shipped: one folder each, named by the app's id."""

from __future__ import annotations

from pathlib import Path

__all__ = ["app_folder", "app_ids"]

ROOT = Path(__file__).parent


def app_ids() -> list[str]:
    """Return the ids of the shipped apps."""
    return sorted(folder.parent.name for folder in ROOT.glob("*/app.yaml"))


def app_folder(name: str) -> Path | None:
    """Return the folder of a shipped app, or None."""
    return ROOT / name if name in app_ids() else None
