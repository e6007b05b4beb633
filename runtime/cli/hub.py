"""Fetches model files from a hub: which file, in one piece or the rest of one, and whether it is what was promised."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import httpx

from ..base.settings import Settings, load_settings
from .errors import HubAway, UsageError

__all__ = ["fetch"]

_HUB: Final = "https://huggingface.co"
_PREFERRED: Final = ("q4_k_m", "q4_0", "q8_0")
"""Quantisations in the order in which one is taken where nobody says which."""
_BLOCK: Final = 1 << 20
_BY_HAND: Final = (
    "Fetch the file on a machine with a network, copy it here, and declare it: baigong models add FILE. "
    "HF_ENDPOINT names another hub."
)


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a repository: its name, bytes and SHA-256."""

    name: str
    size: int
    sha256: str


def fetch(repository: str, file: str | None, *, quiet: bool) -> tuple[Path, str]:
    """Fetch a GGUF file into the folder of models and return its path and SHA-256.

    Args:
        repository: Owner and name.
        file: Which file; None takes a usual quantisation.
        quiet: Show no progress.

    Raises:
        UsageError: There is no such repository or file.
        HubAway: The hub cannot be reached, or what came is not what it promised.
    """
    settings = load_settings()
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", repository):
        raise UsageError(f"{repository!r} is no repository.", fix="Write OWNER/NAME.")
    if settings.offline:
        raise HubAway("The setting BAIGONG_OFFLINE refuses to fetch.", where="BAIGONG_OFFLINE", fix=_BY_HAND)
    base = os.environ.get("HF_ENDPOINT", _HUB).rstrip("/")
    with _client(base) as http:
        wanted = _choose(_files(http, repository), file, repository)
        return _download(http, repository, wanted, settings, quiet=quiet), wanted.sha256


@contextmanager
def _client(base: str) -> Generator[httpx.Client]:
    token = os.environ.get("HF_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with httpx.Client(base_url=base, headers=headers, follow_redirects=True, timeout=30.0) as http:
            yield http
    except httpx.TransportError as error:
        why = str(error) or type(error).__name__
        raise HubAway(f"The hub cannot be reached: {why}.", where=base, fix=_BY_HAND) from error


def _files(http: httpx.Client, repository: str) -> list[_File]:
    answer = http.get(f"/api/models/{repository}", params={"blobs": "true"})
    if answer.status_code in (401, 403, 404):
        raise UsageError(
            "The hub has no such repository, or does not show it.",
            where=repository,
            fix="Look at its name; for one that asks for a sign-in, set HF_TOKEN.",
        )
    if answer.is_error:
        raise HubAway(f"The hub answers {answer.status_code}.", where=repository, fix=_BY_HAND)
    found: list[_File] = []
    for one in cast("dict[str, Any]", answer.json()).get("siblings", []):
        stored: dict[str, Any] = one.get("lfs") or {}
        if str(one.get("rfilename", "")).lower().endswith(".gguf") and stored.get("sha256"):
            found.append(_File(one["rfilename"], int(stored["size"]), stored["sha256"]))
    return found


def _choose(files: list[_File], wanted: str | None, repository: str) -> _File:
    listed = ", ".join(one.name for one in files) or "none"
    if wanted is not None:
        named = [one for one in files if wanted in (one.name, Path(one.name).name)]
        if not named:
            raise UsageError(f"There is no GGUF file {wanted!r} with a digest; there are: {listed}.", where="--file")
        return named[0]
    whole = [one for one in files if not re.search(r"-\d{5}-of-\d{5}", one.name)]
    for quantisation in _PREFERRED:
        for one in whole:
            if quantisation in one.name.lower():
                return one
    if len(whole) == 1:
        return whole[0]
    raise UsageError(f"Which file? There are: {listed}.", where=repository, fix="Name one: --file NAME")


def _download(http: httpx.Client, repository: str, file: _File, settings: Settings, *, quiet: bool) -> Path:
    """Fetch a file, or the rest of one that was begun."""
    target = settings.models / Path(file.name).name
    part = target.with_name(f"{target.name}.part")
    if target.exists() and _digest(target) == file.sha256:
        return target
    settings.models.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if 0 < have < file.size else {}
    with http.stream("GET", f"/{repository}/resolve/main/{file.name}", headers=headers) as answer:
        if answer.is_error:
            raise HubAway(f"The hub answers {answer.status_code}.", where=file.name, fix=_BY_HAND)
        begun = have if answer.status_code == 206 else 0
        with part.open("ab" if begun else "wb") as sink:
            for block in answer.iter_bytes(_BLOCK):
                sink.write(block)
                begun += len(block)
                if begun > file.size:
                    break
                if not quiet:
                    _progress(target.name, begun, file.size)
    if not quiet:
        sys.stderr.write("\n")
    if _digest(part) != file.sha256:
        part.unlink()
        raise HubAway("What came is not the file that the hub promises.", where=file.name, fix="Try again.")
    part.replace(target)
    return target


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _progress(name: str, done: int, size: int) -> None:
    """Draw a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        return
    width = 30
    full = int(width * done / max(size, 1))
    sys.stderr.write(f"\r{name}  [{'#' * full}{'.' * (width - full)}] {done / 1e6:,.0f} of {size / 1e6:,.0f} MB")
    sys.stderr.flush()
