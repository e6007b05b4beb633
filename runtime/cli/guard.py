"""The start-up guard: all six packages must come from one folder.

The packages have plain names, so another distribution in the same environment (or a folder in the working directory)
can hide one of them. That would mix two programs silently; the guard stops instead and names the culprit.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from .errors import ForeignPackage

__all__ = ["guard"]

_PACKAGES = ("agents", "tools", "skills", "knowledge", "builder_ui")
_ROOT = Path(__file__).resolve().parents[2]


def guard() -> None:
    """Compare the parent folder of each package with that of `runtime`, importing none.

    Raises:
        ForeignPackage: A package is missing or comes from elsewhere.
    """
    for name in _PACKAGES:
        folder = _folder(name)
        if folder != _ROOT:
            raise ForeignPackage(
                f"The package {name!r} comes from {str(folder)!r}, but 'runtime' comes from {str(_ROOT)!r}."
                if folder
                else f"The package {name!r} is missing beside 'runtime' in {str(_ROOT)!r}.",
                where=name,
                fix="Install Baigong in an environment of its own, and start it outside folders with such a package.",
            )


def _folder(name: str) -> Path | None:
    """Return the folder that holds the package or module `name`, None where there is none."""
    spec = find_spec(name)
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or [])
    place = places[0] if places else spec.origin
    return Path(place).resolve().parent if place else None
