"""The key that encrypts what is stored: from a setting, or from a file that is made at first use.

Values are encrypted with AES-256 in Galois/counter mode (NIST SP 800-38D) under a fresh random nonce of 96 bits each;
what a value belongs to is authenticated with it, so a row copied to another name or workspace does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Final, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import KeyFileExposed, KeyFileUnusable, KeyInvalid, WrongKey

__all__ = ["KEY_FILE", "SecretKey", "load_key"]

KEY_FILE: Final = "secret.key"
"""Name of the key file in the home's folder for keys."""

_VARIABLE: Final = "BAIGONG_SECRET_KEY"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FILE_LIMIT: Final = 1024


class SecretKey:
    """A key that encrypts and decrypts, and shows itself to nobody.

    Args:
        key: 32 bytes.

    Raises:
        ValueError: `key` has another length.
    """

    __slots__ = ("_cipher", "_mac")

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise ValueError(f"a key has {_KEY_BYTES} bytes")
        self._cipher = AESGCM(key)
        self._mac = HKDF(SHA256(), 32, salt=None, info=b"baigong credentials").derive(key)

    def __repr__(self) -> str:
        return "SecretKey(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is never serialised")

    def mac(self, value: bytes) -> str:
        """Return the keyed hash (HMAC-SHA-256, under a key derived from this one by HKDF) of a credential, in hex."""
        return hmac.new(self._mac, value, hashlib.sha256).hexdigest()

    def encrypt(self, value: bytes, about: bytes) -> tuple[bytes, bytes]:
        """Encrypt a value and authenticate what it belongs to.

        Returns:
            The nonce, and the encrypted value with its tag of 16 bytes.
        """
        nonce = os.urandom(_NONCE_BYTES)
        return nonce, self._cipher.encrypt(nonce, value, about)

    def decrypt(self, nonce: bytes, value: bytes, about: bytes) -> bytes:
        """Return what `encrypt` was given.

        Raises:
            WrongKey: Key, nonce, value and `about` do not belong together.
        """
        try:
            return self._cipher.decrypt(nonce, value, about)
        except (InvalidTag, ValueError) as error:  # a nonce of a wrong length is a ValueError
            raise WrongKey(
                "A stored secret cannot be decrypted with this key.",
                fix=f"Give back the key that it was stored with ({_VARIABLE} or the key file), or set it again.",
            ) from error


def load_key(text: str | None, folder: Path) -> SecretKey:
    """Return the key of the setting, or of the key file, which is made where it is missing.

    Args:
        text: The value of `BAIGONG_SECRET_KEY`, or None.
        folder: The home's folder for keys; only the home's owner calls this.

    Raises:
        KeyInvalid: The key is not 32 bytes in hexadecimal or base64.
        KeyFileExposed: Others than its owner may use the key file.
        KeyFileUnusable: It cannot be read or made.
    """
    if text is not None:
        return _parse(text, _VARIABLE)
    path = folder / KEY_FILE
    try:
        if not os.path.lexists(path):
            _create(path)
        return _parse(_read(path), str(path))
    except OSError as error:
        raise KeyFileUnusable(
            f"The key file cannot be used: {error.strerror or error}.",
            where=str(path),
            fix="Make it readable for its owner, or free the place for a new one.",
        ) from error


def _read(path: Path) -> str:
    """Read a regular file that nobody but its owner can open; a symbolic link is refused."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise KeyFileUnusable("The key file is no regular file.", where=str(path), fix="Put the file itself there.")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFileExposed(
                f"Others than its owner may use the key file: its mode is {stat.S_IMODE(mode):04o}.",
                where=str(path),
                fix="Run: chmod 600 on it; if somebody may have read it, make a new key and set the secrets again.",
            )
        return file.read(_FILE_LIMIT).decode("ascii", "replace")


def _create(path: Path) -> None:
    """Write a fresh key so that the file is there whole, or not at all, even after a power cut."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _parse(text: str, where: str) -> SecretKey:
    for read in (bytes.fromhex, _from_base64):
        try:
            return SecretKey(read(text.strip()))
        except ValueError:
            continue
    raise KeyInvalid(
        "The key is not 32 bytes in hexadecimal (64 digits) or base64.",
        where=where,
        fix="Make one with: openssl rand -base64 32",
    )


def _from_base64(text: str) -> bytes:
    """Decode either alphabet of RFC 4648, with or without padding."""
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
