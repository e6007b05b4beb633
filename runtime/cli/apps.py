"""Finding the app that a command is about: a path, or the id of a shipped app."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.spec import Bundle

__all__ = ["find_bundle"]


def find_bundle(name: str) -> Bundle:
    """Read the bundle at a path, or the shipped app of that id.

    Raises:
        BundleNotFound: There is neither.
    """
    from agents.catalog import app_folder, app_ids
    from agents.errors import BundleNotFound
    from agents.spec import read_bundle

    if Path(name).exists():
        return read_bundle(name)
    folder = app_folder(name)
    if folder is None:
        known = ", ".join(app_ids()) or "none"
        raise BundleNotFound(f"There is no app {name!r}.", fix=f"Give a path, or a shipped app: {known}.")
    return read_bundle(folder)
