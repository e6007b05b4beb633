"""The home folder: where everything of one installation lies, and which process owns it.

The owner holds an exclusive `flock` on `owner.lock` while it lives; the kernel lets go of it however the process ends,
so there is no stale lock. `owner.json` beside it says where the owner can be reached and with which key.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import socket
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeGuard

from ..base.ids import new_id
from ..base.settings import Settings
from .errors import HomeBusy, of_file

__all__ = ["Home", "Owner", "open_home"]

_TRIES: Final = 6
_PAUSE: Final = 0.02
"""Seconds between tries: somebody who only looks whether there is an owner holds the lock for a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The process that owns a home folder: its id, what it accepts as the key of this machine, and its addresses."""

    pid: int | None = None
    address: str | None = None
    key: str | None = None
    builder: str | None = None

    def __repr__(self) -> str:
        return f"Owner(pid={self.pid}, address={self.address!r})"


class Home:
    """The layout of a home folder, and the lock of the process that owns it.

    Make one with `open_home`; it may be used as a context manager.

    Args:
        root: The home folder.
        lock: File descriptor that holds the lock.
        artifacts: The folder of stored files.
    """

    def __init__(self, root: Path, lock: int, artifacts: Path) -> None:
        self.root = root
        self.artifacts = artifacts
        self._lock: int | None = lock

    @property
    def database(self) -> Path:
        """The database file."""
        return self.root / "baigong.db"

    @property
    def keys(self) -> Path:
        """The folder of key files, for nobody but the user."""
        return self.root / "keys"

    @property
    def logs(self) -> Path:
        """The folder of log files."""
        return self.root / "logs"

    def identity(self) -> str:
        """Return the id of this home, by which it is known to others that share its database.

        A copy of a home, in another place or on another machine, is another home.

        Raises:
            StorageError: It cannot be written down.
        """
        path, place = self.root / "worker.id", f"{socket.gethostname()}:{self.root.resolve()}"
        try:
            known = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
            if known[1:2] != [place]:
                known = [new_id("worker"), place]
                path.write_text("\n".join(known), encoding="utf-8")
        except OSError as error:
            raise of_file(error, path) from error
        return known[0]

    def publish(self, address: str, *, builder: str | None = None) -> Owner:
        """Tell other processes of this user where the owner can be reached, and with which fresh key.

        Args:
            address: Where it serves the API.
            builder: Where its builder's pages are, if there are any.

        Raises:
            StorageError: The file cannot be written.
        """
        owner = Owner(pid=os.getpid(), address=address, key=secrets.token_urlsafe(32), builder=builder)
        _write_owner(self.root, owner)
        return owner

    def close(self) -> None:
        """Give the home folder up."""
        if self._lock is not None:
            lock, self._lock = self._lock, None
            with contextlib.suppress(OSError):
                _note(self.root).unlink(missing_ok=True)
            os.close(lock)

    def __enter__(self) -> Home:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def owner(root: Path) -> Owner | None:
        """Return the live owner of a home folder, or `None` where there is none.

        What the owner has not published yet is `None` in the answer.
        """
        try:
            lock = os.open(root / "owner.lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return None if _taken(lock, fcntl.LOCK_SH) else _read_owner(root)
        finally:
            os.close(lock)

    @staticmethod
    def address(root: Path) -> str | None:
        """Return the address that the live owner of a home folder serves."""
        owner = Home.owner(root)
        return owner.address if owner else None


def open_home(settings: Settings) -> Home:
    """Make the home folder where it is missing and become its owner.

    Raises:
        HomeBusy: Another process owns it; `details` has `pid` and `address`.
        StorageError: It cannot be made or written.
    """
    root = settings.home
    try:
        _make_folders(root, settings.artifacts)
        lock = os.open(root / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise of_file(error, root) from error
    try:
        _acquire(lock, root)
        _write_owner(root, Owner(pid=os.getpid()))
    except BaseException:
        os.close(lock)
        raise
    return Home(root, lock, settings.artifacts)


def _make_folders(root: Path, artifacts: Path) -> None:
    for folder in (root, artifacts, root / "keys", root / "logs"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (root / "keys").chmod(0o700)


def _acquire(lock: int, root: Path) -> None:
    for _ in range(_TRIES):
        try:
            if _taken(lock, fcntl.LOCK_EX):
                return
        except OSError as error:  # a file system without locks
            raise of_file(error, root) from error
        time.sleep(_PAUSE)
    raise _busy(root)


def _taken(lock: int, kind: int) -> bool:
    """Take the lock without waiting; say whether it could be taken."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy(root: Path) -> HomeBusy:
    owner = _read_owner(root)
    who = f"process {owner.pid}" if owner.pid else "another process"
    at = f" at {owner.address}" if owner.address else ""
    return HomeBusy(
        f"The home folder is in use by {who}{at}.",
        where=str(root),
        fix="Stop that process, or set BAIGONG_HOME to another folder.",
        details={"pid": owner.pid, "address": owner.address},
    )


def _note(root: Path) -> Path:
    return root / "owner.json"


def _write_owner(root: Path, owner: Owner) -> None:
    """Replace `owner.json` in one step; the temporary file is readable by the user only from the start."""
    text = json.dumps(asdict(owner))
    try:
        handle, name = tempfile.mkstemp(prefix=".owner-", dir=root)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, _note(root))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise of_file(error, _note(root)) from error


def _read_owner(root: Path) -> Owner:
    try:
        data: object = json.loads(_note(root).read_text("utf-8"))
    except (OSError, ValueError):
        return Owner()
    if not _is_record(data):
        return Owner()
    pid, texts = data.get("pid"), {name: data.get(name) for name in ("address", "key", "builder")}
    return Owner(
        pid=pid if isinstance(pid, int) else None,
        **{name: text if isinstance(text, str) else None for name, text in texts.items()},
    )


def _is_record(data: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(data, dict)
