"""Which model files may be loaded: those whose digest somebody has written down."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..errors import ModelFileInvalid
from .gguf import digest

__all__ = ["check"]

_KNOWN: Final[dict[tuple[str, int, int, int], str]] = {}
"""Digests of files as they are, so that a new process does not read gigabytes again."""


def check(path: Path, wanted: str | None, *, allow_unlisted: bool) -> None:
    """Refuse a file that is not the one that was listed.

    Args:
        path: The file.
        wanted: The SHA-256 that it must have, or None.
        allow_unlisted: Whether a file may be used without that.

    Raises:
        ModelFileInvalid: It has another digest, must have one, or cannot be read.
    """
    if wanted is None:
        if allow_unlisted:
            return
        raise ModelFileInvalid(
            "Only listed model files may be used, and this one has no `options.sha256`.",
            where=str(path),
            fix="List it with `baigong models add`, if you trust the file.",
        )
    try:
        found = _digest(path)
    except OSError as error:
        raise ModelFileInvalid(
            f"The model file cannot be read: {error.strerror}.",
            where=str(path),
            fix="Name a GGUF file that this user may read, or get one with `baigong models add`.",
        ) from error
    if found != wanted:
        raise ModelFileInvalid(
            "The SHA-256 of the model file is not the one that is listed.",
            where=str(path),
            fix="Get the file again, or list this one with `baigong models add`, if you trust it.",
            details={"sha256": found, "listed": wanted},
        )


def _digest(path: Path) -> str:
    stat = path.stat()
    key = (str(path.absolute()), stat.st_size, stat.st_mtime_ns, stat.st_ino)
    if key not in _KNOWN:
        _KNOWN[key] = digest(path)
    return _KNOWN[key]
