"""Credentials of callers: API keys, links for signing in, and the sessions that such a link becomes.

A credential is random (256 bits) and shown once; the database holds an HMAC of it, so a copy of the file lets nobody
in. Its prefix says what it is: `bgk_` an API key, `bgl_` a link, `bgs_` a browser's session.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ..base.errors import Json
from ..base.ids import new_id
from ..storage import Connection, Database
from .errors import BadScope, LinkSpent, UnknownKey
from .key import SecretKey
from .principal import EVERYTHING, SCOPES, Principal, PrincipalKind

__all__ = ["LINK_SECONDS", "SESSION_SECONDS", "Credentials", "KeyInfo"]

_FRESH: Final = 5.0
"""Seconds after which it is looked again whether another server has revoked a credential."""

LINK_SECONDS: Final = 600
SESSION_SECONDS: Final = 30 * 24 * 3600

Kind: TypeAlias = Literal["key", "link", "session"]
_PREFIX: Final[dict[Kind, str]] = {"key": "bgk_", "link": "bgl_", "session": "bgs_"}
_PRINCIPAL: Final[dict[str, PrincipalKind]] = {"key": "key", "link": "link", "session": "user"}
_LONGEST: Final = 128


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyInfo:
    """What may be known of an API key; times are milliseconds since 1970. `app` is the one app that it is for."""

    id: str
    name: str
    scopes: tuple[str, ...]
    app: str | None
    created: int
    expires: int | None

    def to_json(self) -> dict[str, Json]:
        """Return the record as HTTP shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": list(self.scopes),
            "app": self.app,
            "created": self.created,
            "expires": self.expires,
        }


class Credentials:
    """Makes, recognises and revokes credentials.

    Args:
        database: The home's database.
        key: Hashes the credentials.
    """

    def __init__(self, database: Database, key: SecretKey) -> None:
        self._database = database
        self._key = key
        self._known: dict[str, tuple[Principal, int | None, float]] = {}
        self._revocations = 0

    async def issue_key(
        self,
        name: str,
        *,
        workspace: str = "main",
        scopes: Iterable[str] = (EVERYTHING,),
        app: str | None = None,
        seconds: float | None = None,
    ) -> tuple[str, KeyInfo]:
        """Make an API key and return it, for the only time, with what may be known of it.

        Raises:
            BadScope: A scope is none of those that exist.
            StorageError: The database cannot be written.
        """
        wanted = tuple(sorted(set(scopes)))
        unknown = [scope for scope in wanted if scope not in SCOPES]
        if unknown:
            fix = f"Choose of: {', '.join(sorted(SCOPES))}."
            raise BadScope(f"There is no scope {unknown[0]!r}.", where="scopes", fix=fix)
        return await self._issue("key", name, workspace, wanted, app, seconds)

    async def issue_link(self, *, workspace: str = "main") -> tuple[str, int]:
        """Make a link's token, good for one sign-in within 10 minutes, and return it with when it is over."""
        token, info = await self._issue("link", "sign-in", workspace, (EVERYTHING,), None, LINK_SECONDS)
        return token, info.expires or 0

    async def redeem(self, link: str) -> tuple[str, Principal]:
        """Turn a link's token into a session's; a second try finds the link used up.

        Raises:
            LinkSpent: The link is used up, over or unknown.
        """
        mac = self._mac(link, "link")
        token = _PREFIX["session"] + secrets.token_urlsafe(32)
        session, now = new_id("key"), _now()

        def swap(connection: Connection) -> tuple[str] | None:
            row = connection.execute(_SPEND, (now, mac, now)).fetchone()
            if row is not None:
                values = (session, row[0], "session", "browser", self._mac(token, "session"), row[1], None, now)
                connection.execute(_INSERT, (*values, now + SESSION_SECONDS * 1000))
            return row

        row = await self._database.writer.call(swap) if mac is not None else None
        if row is None:
            raise LinkSpent(
                "This link for signing in is used up or over.", where="link", fix="Make another: baigong login"
            )
        principal = await self.find(token)
        assert principal is not None  # noqa: S101 it was written a moment ago
        return token, principal

    async def find(self, token: str) -> Principal | None:
        """Return who a key or a session belongs to, or None where it is unknown, over or revoked."""
        mac = self._mac(token, "key") or self._mac(token, "session")
        if mac is None:
            return None
        found = self._known.get(mac)
        if found is None or (self._database.shared and time.monotonic() > found[2]):
            revocations = self._revocations
            row = await self._database.reader.run(lambda connection: connection.execute(_FIND, (mac,)).fetchone())
            if row is None:
                return None
            found = (*_principal(row), time.monotonic() + _FRESH)
            if revocations == self._revocations:  # else this very key may have been revoked after it was read
                self._known[mac] = found
        principal, expires, _ = found
        return principal if expires is None or expires > _now() else None

    async def list(self, workspace: str = "main") -> list[KeyInfo]:
        """Return what may be known of the API keys that are not revoked, oldest first."""

        def read(connection: Connection) -> list[KeyInfo]:
            return [_info(row) for row in connection.execute(_LIST, (workspace,))]

        return await self._database.reader.run(read)

    async def any_key(self, workspace: str = "main") -> bool:
        """Whether the workspace has ever had an API key."""
        query = "SELECT 1 FROM keys WHERE workspace = ? AND kind = 'key' LIMIT 1"
        found = await self._database.reader.run(lambda connection: connection.execute(query, (workspace,)).fetchone())
        return found is not None

    async def revoke(self, key: str, workspace: str = "main") -> None:
        """End an API key or a session, by its id.

        Raises:
            UnknownKey: There is none of this id.
        """
        row = (_now(), key, workspace)
        changed = await self._database.writer.call(lambda connection: connection.execute(_REVOKE, row).rowcount)
        self._revocations += 1
        self._known.clear()
        if not changed:
            raise UnknownKey(f"There is no API key {key!r}.", where=key)

    async def _issue(
        self, kind: Kind, name: str, workspace: str, scopes: tuple[str, ...], app: str | None, seconds: float | None
    ) -> tuple[str, KeyInfo]:
        token, now = _PREFIX[kind] + secrets.token_urlsafe(32), _now()
        info = KeyInfo(
            id=new_id("key"), name=name, scopes=scopes, app=app, created=now,
            expires=None if seconds is None else now + int(seconds * 1000),
        )  # fmt: skip
        row = (
            info.id, workspace, kind, name, self._mac(token, kind), json.dumps(scopes), app, now, info.expires,
        )  # fmt: skip
        await self._database.writer.call(lambda connection: connection.execute(_INSERT, row))
        return token, info

    def _mac(self, token: str, kind: Kind) -> str | None:
        """Return the hash of a token of a kind, or None for anything else."""
        if not token.startswith(_PREFIX[kind]) or len(token) > _LONGEST or not token.isascii():
            return None
        return self._key.mac(token.encode())


def _principal(row: tuple[str, str, str, str, str | None, int | None]) -> tuple[Principal, int | None]:
    key, workspace, kind, scopes, app, expires = row
    principal = Principal(
        workspace=workspace, id=key, kind=_PRINCIPAL[kind], scopes=frozenset(json.loads(scopes)), app=app
    )
    return principal, expires


def _info(row: tuple[str, str, str, str | None, int, int | None]) -> KeyInfo:
    key, name, scopes, app, created, expires = row
    return KeyInfo(id=key, name=name, scopes=tuple(json.loads(scopes)), app=app, created=created, expires=expires)


def _now() -> int:
    return time.time_ns() // 1_000_000


_INSERT: Final = (
    "INSERT INTO keys (id, workspace, kind, name, hash, scopes, app, created, expires) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SPEND: Final = (
    "UPDATE keys SET revoked = ? WHERE hash = ? AND kind = 'link' AND revoked IS NULL AND expires > ? "
    "RETURNING workspace, scopes"
)
_FIND: Final = "SELECT id, workspace, kind, scopes, app, expires FROM keys WHERE hash = ? AND revoked IS NULL"
_LIST: Final = (
    "SELECT id, name, scopes, app, created, expires FROM keys WHERE workspace = ? AND kind = 'key' "
    "AND revoked IS NULL ORDER BY created, id"
)
_REVOKE: Final = (
    "UPDATE keys SET revoked = ? WHERE id = ? AND workspace = ? AND kind IN ('key', 'session') AND revoked IS NULL"
)
