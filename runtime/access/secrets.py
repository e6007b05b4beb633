"""Secrets: values that tools and models need and nobody reads back.

A value is encrypted before it is stored and decrypted only where it is used (the tool runner, the model client). It
travels as a `Secret`, which shows `***` wherever it is written out.
"""
# ruff: noqa: A005 the word of the design; it is always imported through its package

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Final, NoReturn

from ..base.ids import canonical_json
from ..storage import Connection, Database
from .errors import BadSecretName, BadSecretValue, UnknownSecret, WrongKey
from .key import SecretKey

__all__ = ["Secret", "SecretInfo", "SecretStore"]

_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_VALUE_LIMIT: Final = 64 * 1024


class Secret:
    """A text that no log, journal, error or export shows; `reveal` is the one way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never serialised")


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretInfo:
    """What may be known of a secret: its name, and when it was first and last set, in milliseconds since 1970."""

    name: str
    created: int
    updated: int


class SecretStore:
    """The secrets of one workspace.

    Args:
        database: The home's database.
        key: Encrypts and decrypts the values.
        workspace: The workspace of the principal who asks.
    """

    def __init__(self, database: Database, key: SecretKey, *, workspace: str = "main") -> None:
        self._database = database
        self._key = key
        self._workspace = workspace

    def of(self, workspace: str) -> SecretStore:
        """Return the store of another workspace."""
        return SecretStore(self._database, self._key, workspace=workspace)

    async def set(self, name: str, value: Secret) -> SecretInfo:
        """Store a value under a new name, or replace the one that is there.

        Raises:
            BadSecretName: The name is not capital letters, digits and `_`, a letter first, at most 64 of them.
            BadSecretValue: The value is empty, longer than 64 KiB or no Unicode text.
            StorageError: The database cannot be written.
        """
        self._check(name)
        nonce, sealed = self._key.encrypt(_encoded(name, value), self._about(name))
        now = time.time_ns() // 1_000_000

        def write(connection: Connection) -> int:
            row = (self._workspace, name, nonce, sealed, now, now)
            return connection.execute(_UPSERT, row).fetchone()[0]

        return SecretInfo(name=name, created=await self._database.writer.call(write), updated=now)

    async def list(self) -> tuple[SecretInfo, ...]:
        """Return what may be known of every secret, by name."""

        def read(connection: Connection) -> tuple[SecretInfo, ...]:
            rows = connection.execute(_LIST, (self._workspace,))
            return tuple(SecretInfo(name=name, created=created, updated=updated) for name, created, updated in rows)

        return await self._database.reader.run(read)

    async def remove(self, name: str) -> None:
        """Delete a secret.

        Raises:
            BadSecretName: The name cannot be a secret's.
            UnknownSecret: There is none of this name.
            StorageError: The database cannot be written.
        """
        self._check(name)

        def delete(connection: Connection) -> int:
            return connection.execute(_DELETE, (self._workspace, name)).rowcount

        if not await self._database.writer.call(delete):
            raise self._unknown(name)

    async def resolve(self, name: str) -> Secret:
        """Return a secret's value.

        Raises:
            BadSecretName: The name cannot be a secret's.
            UnknownSecret: There is none of this name.
            WrongKey: It was stored with another key, or its row was tampered with.
        """
        self._check(name)

        def read(connection: Connection) -> tuple[bytes, bytes] | None:
            return connection.execute(_READ, (self._workspace, name)).fetchone()

        row = await self._database.reader.run(read)
        if row is None:
            raise self._unknown(name)
        try:
            return Secret(self._key.decrypt(*row, self._about(name)).decode())
        except WrongKey as error:
            error.where = name
            raise

    def _check(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            # The name is not shown: it may be the value, given in the wrong place.
            raise BadSecretName(
                "This cannot be the name of a secret.",
                fix="Use capital letters, digits and '_', a letter first, at most 64 of them, such as MAIL_TOKEN.",
            )

    def _about(self, name: str) -> bytes:
        return canonical_json(["secret", self._workspace, name]).encode()

    def _unknown(self, name: str) -> UnknownSecret:
        return UnknownSecret(
            f"There is no secret {name!r} in the workspace {self._workspace!r}.",
            where=name,
            fix=f"Set it with: baigong secrets set {name}",
        )


_UPSERT: Final = (
    "INSERT INTO secrets (workspace, name, nonce, value, created, updated) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (workspace, name) DO UPDATE SET nonce = excluded.nonce, value = excluded.value, "
    "updated = excluded.updated RETURNING created"
)
_LIST: Final = "SELECT name, created, updated FROM secrets WHERE workspace = ? ORDER BY name"
_DELETE: Final = "DELETE FROM secrets WHERE workspace = ? AND name = ?"
_READ: Final = "SELECT nonce, value FROM secrets WHERE workspace = ? AND name = ?"


def _encoded(name: str, value: Secret) -> bytes:
    try:
        content = value.reveal().encode()
    except UnicodeEncodeError:
        content = b""
    if not 0 < len(content) <= _VALUE_LIMIT:
        raise BadSecretValue(
            "A secret's value is a Unicode text of 1 byte to 64 KiB.",
            where=name,
            fix="Give another value; larger ones belong in a file of the tool's own.",
        )
    return content
