"""Bundles as zip archives. An archive may come from anyone, so every claim in it is checked before it is believed."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping

from ..errors import BundleError
from .names import MAX_TOTAL, Intake, ignored

__all__ = ["MAX_ARCHIVE", "pack", "unpack"]

MAX_DIRECTORY = 4 * 1024 * 1024
"""Bytes of the archive's own list of files, which is read as a whole."""

MAX_ARCHIVE = MAX_TOTAL + 2 * MAX_DIRECTORY
"""Bytes of a stored bundle with its names."""

MAX_RATIO = 100
RATIO_FROM = 1024 * 1024
"""Smaller files cannot do harm, however well they are compressed."""

EPOCH = (1980, 1, 1, 0, 0, 0)
END = b"PK\x05\x06"
END_64 = b"PK\x06\x07"
ENCRYPTED = 0x1
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error, ValueError)


def unpack(data: bytes) -> dict[str, bytes]:
    """Return an archive's files by their path within the bundle; a single top folder is left away.

    Raises:
        BundleError: It is no zip archive, or one that a bundle cannot be.
    """
    if len(data) > MAX_ARCHIVE:
        raise BundleError("The archive is larger than a bundle may be.", fix="Move documents to a knowledge base.")
    try:
        _check_end(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if not ignored(info.filename.rstrip("/"))]
            top = _top(members)
            return _read(archive, [info for info in members if not info.is_dir()], top)
    except BROKEN as error:
        raise BundleError(f"The zip archive is damaged: {error}.", fix="Export or zip the bundle again.") from error


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of the files: the same bytes on every machine.

    The files are stored as they are, because what a compressor makes depends on its version, and because an archive
    of very regular data would be refused as a bomb.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def _read(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], top: str) -> dict[str, bytes]:
    intake = Intake()
    names = [intake.admit(info.filename.removeprefix(top), info.file_size) for info in members]
    for info in members:
        _check_member(info)
    return {name: _content(archive, info) for name, info in zip(names, members, strict=True)}


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return a member's bytes; a bounded read, because an unbounded one unpacks what the header does not mention."""
    with archive.open(info) as file:
        return file.read(info.file_size + 1)


def _check_end(data: bytes) -> None:
    """Refuse an archive whose list of files would fill the memory; zipfile reads it whole.

    Raises:
        BundleError: The list is too long, or missing.
    """
    tail = data[-65_557:]
    ends = [found.start() for found in re.finditer(END, tail)]
    if not ends:
        raise BundleError("This is no zip archive.", fix="Give a folder, an app.yaml or a .zip file.")
    if END_64 in tail or any(int.from_bytes(tail[at + 12 : at + 16], "little") > MAX_DIRECTORY for at in ends):
        raise BundleError("The archive lists too many files.", fix="Move documents to a knowledge base.")


def _check_member(info: zipfile.ZipInfo) -> None:
    """Refuse what is no ordinary compressed file.

    Raises:
        BundleError: The member is a link, encrypted, oddly compressed or a bomb.
    """
    name = info.filename
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise BundleError(f"{name!r} is a link or a device.", fix="Put the file itself into the bundle.")
    if info.flag_bits & ENCRYPTED:
        raise BundleError(f"{name!r} is encrypted.", fix="Zip the bundle without a password.")
    if info.compress_type not in METHODS:
        raise BundleError(f"{name!r} is compressed in an unusual way.", fix="Zip the bundle with the method deflate.")
    if info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        raise BundleError(
            f"{name!r} unpacks to more than {MAX_RATIO} times its size.", fix="Zip it without compression."
        )


def _top(members: list[zipfile.ZipInfo]) -> str:
    """Return the one folder that holds everything, with its slash, when `app.yaml` is in it and not above it."""
    names = [info.filename for info in members]
    tops = {name.partition("/")[0] for name in names}
    if "app.yaml" in names or len(tops) != 1:
        return ""
    top = f"{tops.pop()}/"
    return top if f"{top}app.yaml" in names else ""
