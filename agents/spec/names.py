"""Names and sizes of a bundle's files: what may be in a folder or archive that anyone may have made."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from ..errors import BundleError
from .scalar import UNSAFE

__all__ = ["MAX_TOTAL", "Intake", "checked", "folded", "ignored"]

MAX_TOTAL = 64 * 1024 * 1024
"""Bytes of all files together."""

MAX_FILES = 2000
MAX_NAME = 240
HIDDEN = re.compile(r"\.[^.]")
FOREIGN = frozenset({"__pycache__", "__MACOSX", "Thumbs.db", "desktop.ini"})


def ignored(name: str) -> bool:
    """Whether a path is left out of bundles: hidden files and what systems and tools leave behind."""
    return any(part in FOREIGN or HIDDEN.match(part) for part in name.split("/"))


def checked(name: str) -> str:
    """Return a file's name within its bundle as it is, when it may be one.

    Raises:
        BundleError: The name could lead out of the bundle, or does not work on every system.
    """
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
        raise BundleError(
            f"The file name {name[:80]!r} could lead out of the bundle.", fix="Use paths like prompts/a.md."
        )
    if UNSAFE.search(name) or len(name) > MAX_NAME or any(not part.strip(". ") for part in parts):
        raise BundleError(f"The file name {name[:80]!a} does not work everywhere.", fix="Rename the file.")
    return name


def folded(name: str) -> str:
    """Return what is equal for names that some file systems take for one."""
    return unicodedata.normalize("NFC", name).casefold()


@dataclass(slots=True)
class Intake:
    """Counts what is taken in, and refuses too much of it and names that some systems take for one."""

    total: int = 0
    known: set[str] = field(default_factory=set[str])

    def admit(self, name: str, size: int) -> str:
        """Count a file and return its checked name.

        Args:
            name: Path within the bundle, with `/`.
            size: Its bytes.

        Raises:
            BundleError: The name is bad or stands twice, or there are too many files or bytes.
        """
        key = folded(checked(name))
        if key in self.known:
            raise BundleError(f"The file name {name!r} stands twice, or differs by case only.", fix="Rename the file.")
        self.known.add(key)
        self.total += size
        if len(self.known) > MAX_FILES:
            raise BundleError(f"The bundle has more than {MAX_FILES} files.", fix="Move documents to a knowledge base.")
        if self.total > MAX_TOTAL:
            limit = MAX_TOTAL // 1024 // 1024
            raise BundleError(f"The bundle has more than {limit} MB.", fix="Move documents to a knowledge base.")
        return name
