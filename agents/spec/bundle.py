"""A bundle: all files of an app, as one value with one content hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from runtime.base.errors import Json

from ..diagnostics import nearest
from ..errors import BundleError, BundleNotFound
from .archive import MAX_ARCHIVE, pack, unpack
from .canonical import format_app
from .folder import APP, read_folder, replace_file, write_folder
from .names import checked

__all__ = ["APP", "LAYOUT", "LOCK", "Bundle", "export_zip", "read_bundle", "read_zip", "write_bundle"]

LAYOUT = "layout.json"
LOCK = "bundle.lock"


@dataclass(frozen=True)
class Bundle:
    """All files of an app by POSIX path; the content hash covers all of them but the canvas's layout.

    Raises:
        BundleError: A file's name could lead out of the bundle.
    """

    files: Mapping[str, bytes]

    def __post_init__(self) -> None:
        files = {checked(name): self.files[name] for name in sorted(self.files)}
        object.__setattr__(self, "files", MappingProxyType(files))

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over each file's own SHA-256 and path, in the order of the paths."""
        total = sha256()
        for name in sorted(self.files):
            if name != LAYOUT:
                total.update(f"{sha256(self.files[name]).hexdigest()}  {name}\n".encode())
        return total.hexdigest()

    @property
    def app_text(self) -> str:
        """The text of `app.yaml`.

        Raises:
            BundleError: It is missing or not UTF-8.
        """
        return self.text(APP)

    @property
    def layout(self) -> dict[str, Json]:
        """What `layout.json` says of positions; empty where there is none.

        Raises:
            BundleError: It is no JSON object.
        """
        if LAYOUT not in self.files:
            return {}
        try:
            data: Json = json.loads(self.text(LAYOUT))
        except (ValueError, RecursionError) as error:
            raise BundleError("The layout is not valid JSON.", where=LAYOUT, fix="Delete the file.") from error
        if not isinstance(data, dict):
            raise BundleError("The layout is no JSON object.", where=LAYOUT, fix="Delete the file.")
        return data

    def text(self, name: str) -> str:
        """Return a file's text without a byte order mark.

        Raises:
            BundleNotFound: There is no such file.
            BundleError: It is not UTF-8.
        """
        content = self.files.get(name)
        if content is None:
            near = nearest(name, self.files)
            fix = f"Did you mean {near}?" if near else "Add the file to the bundle."
            raise BundleNotFound(f"The bundle has no file {name!r}.", where=name, fix=fix)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            message = f"The file is not UTF-8 text (byte {error.start})."
            raise BundleError(message, where=name, fix="Save it in the encoding UTF-8.") from error

    def canonical(self) -> Bundle:
        """Return the bundle with `app.yaml` in canonical form, where it is valid enough to have one."""
        try:
            text = format_app(self.app_text)
        except BundleError:
            return self
        return Bundle({**self.files, APP: text.encode()})


def read_bundle(path: str | Path) -> Bundle:
    """Read a bundle from a folder, from the `app.yaml` in it, or from a `.zip`.

    Raises:
        BundleNotFound: There is nothing at the path, or no `app.yaml` in it.
        BundleError: What is there cannot be a bundle.
    """
    place = Path(path)
    place = place.parent if place.name == APP else place
    try:
        if place.is_dir():
            found = (place / APP).is_file()
            bundle = Bundle(read_folder(place) if found else {})
        elif place.suffix.lower() == ".zip":
            bundle = read_zip(_read_archive(place))
        else:
            raise _no_bundle(place)
    except FileNotFoundError as error:
        raise BundleNotFound(f"There is nothing at {str(place)!r}.", fix="Check the path.") from error
    except OSError as error:
        raise BundleError(f"The bundle cannot be read: {error.strerror}.", where=str(place)) from error
    _ = _with_app(bundle, place).app_text
    return bundle


def read_zip(data: bytes) -> Bundle:
    """Read a bundle from the bytes of a zip archive.

    Raises:
        BundleNotFound: There is no `app.yaml` in it.
        BundleError: It cannot be a bundle.
    """
    return _with_app(Bundle(unpack(data)), None)


def write_bundle(bundle: Bundle, path: str | Path) -> None:
    """Write a bundle, with `app.yaml` in canonical form, to a folder or, where the path says so, a `.zip`.

    A new folder or archive appears complete or not at all; in a folder that is a bundle already, file by file.

    Raises:
        BundleError: The place holds something else or cannot be written.
    """
    place = Path(path)
    place = place.parent if place.name == APP else place
    try:
        if place.suffix.lower() == ".zip":
            replace_file(place, export_zip(bundle.canonical()))
        else:
            write_folder(bundle.canonical().files, place)
    except OSError as error:
        raise BundleError(f"The bundle cannot be written: {error.strerror}.", where=str(place)) from error


def export_zip(bundle: Bundle) -> bytes:
    """Return the bundle as a zip archive: equal bundles give equal bytes, and importing gives the same digest."""
    return pack(bundle.files)


def _read_archive(place: Path) -> bytes:
    with place.open("rb") as file:
        return file.read(MAX_ARCHIVE + 1)


def _with_app(bundle: Bundle, place: Path | None) -> Bundle:
    if APP not in bundle.files:
        where = str(place) if place else None
        raise BundleNotFound(f"There is no {APP} here.", where=where, fix="Give the folder or zip that has one.")
    return bundle


def _no_bundle(place: Path) -> BundleError:
    if not place.exists():
        return BundleNotFound(f"There is nothing at {str(place)!r}.", fix="Check the path.")
    return BundleError("This is no bundle.", where=str(place), fix="Give a folder, an app.yaml or a .zip file.")
