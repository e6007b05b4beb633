"""Bundles as folders."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import BundleError
from .names import MAX_TOTAL, Intake, folded, ignored

__all__ = ["read_folder", "replace_file", "write_folder"]

APP = "app.yaml"
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return a folder's files by their path within it; links are refused, hidden files are left out.

    Raises:
        BundleError: A file is a link or no file at all, or there is too much.
        OSError: A file cannot be read.
    """
    intake = Intake()
    files: dict[str, bytes] = {}
    for path in _walk(folder):
        content = _read(path)
        files[intake.admit(path.relative_to(folder).as_posix(), len(content))] = content
    return files


def write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Make a folder hold exactly these files, besides its hidden ones.

    A new folder appears complete or not at all. In one that holds a bundle already, each file is replaced at once,
    `app.yaml` last, and then the files that are no longer in the bundle are deleted.

    Raises:
        BundleError: The folder holds something else.
        OSError: A file cannot be written.
    """
    if not folder.exists():
        _create(files, folder)
        return
    before = [path.relative_to(folder).as_posix() for path in _walk(folder)]
    if before and APP not in before:
        raise BundleError(
            "The folder holds other files than a bundle.", where=str(folder), fix="Choose an empty folder."
        )
    stale = [name for name in before if name not in files]
    # Where the file system ignores case, a name that differs by case only is the new file's own.
    twins = {folded(name) for name in files}
    for name in (name for name in stale if folded(name) in twins):
        (folder / name).unlink()
    for name in sorted(files, key=lambda name: (name == APP, name)):
        replace_file(folder / name, files[name])
    for name in (name for name in stale if folded(name) not in twins):
        _remove(folder, folder / name)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that it is seen either as it was or complete.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _create(files: Mapping[str, bytes], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        draft.mkdir()
        for name, content in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _remove(folder: Path, path: Path) -> None:
    """Delete a file and the folders that it leaves empty."""
    path.unlink()
    for above in path.parents:
        if above == folder or any(above.iterdir()):
            return
        above.rmdir()


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder in the order of their names.

    Raises:
        BundleError: There is a link or a device among them.
    """
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if ignored(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        else:
            raise BundleError(
                "This is a link or a device.", where=entry.path, fix="Put the file itself into the bundle."
            )


def _read(path: Path) -> bytes:
    """Return a file's bytes, but no more than a bundle may have.

    Raises:
        BundleError: The path has become something else meanwhile.
        OSError: The file cannot be read.
    """
    with open(os.open(path, os.O_RDONLY | NO_FOLLOW), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise BundleError("This is no file.", where=str(path), fix="Put the file itself into the bundle.")
        return file.read(MAX_TOTAL + 1)
