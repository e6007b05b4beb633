"""Editing an app: operations from any number of clients, one after the other, each at most once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast
from weakref import WeakValueDictionary

from agents.errors import EditConflict, EditInvalid
from agents.spec import Bundle, Edit, Operation, apply_edit, operation_to_json

from ..base.errors import Json
from ..storage import AppChange, AppRow, Database
from .apps import Apps
from .outline import read_app, texts

__all__ = ["Change", "Draft", "Drafts", "Edited"]

_MOST: Final = 500
"""Operations of one edit."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An app as it stands: revision 0 is a shipped app that nobody has edited."""

    app: str
    revision: int
    bundle: Bundle


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a client sends: its name and its own number for the edit, the revision that it knows, and operations."""

    client: str
    seq: int
    base: int
    operations: tuple[Operation, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Edited:
    """What became of an edit.

    Args:
        revision: The app's revision after it.
        digest: Content hash after it.
        inverse: What undoes it; empty where it had been made before.
        missed: Edits of others between the client's base and this one.
    """

    revision: int
    digest: str
    inverse: tuple[Operation, ...]
    missed: list[Json]

    def to_json(self) -> dict[str, Json]:
        """Return the record as HTTP shows it."""
        inverse: list[Json] = [operation_to_json(one) for one in self.inverse]
        return {"revision": self.revision, "digest": self.digest, "inverse": inverse, "missed": self.missed}


class Drafts:
    """Edits the apps of a home.

    Args:
        database: The home's database.
        apps: Its apps.
    """

    def __init__(self, database: Database, apps: Apps) -> None:
        self._database = database
        self._apps = apps
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def get(self, app: str, workspace: str = "main") -> Draft:
        """Return an app as it stands.

        Raises:
            AppMissing: There is none of this id.
        """
        row = await self._database.apps.get(app, workspace)
        found = await self._apps.find(app, workspace)
        return Draft(app, row.revision if row else 0, found.bundle)

    async def edit(self, app: str, change: Change, workspace: str = "main") -> Edited:
        """Apply an edit; the same one again changes nothing. A shipped app becomes the workspace's own by it.

        Raises:
            AppMissing: There is none of this id.
            EditConflict: Something else is there than an operation expects.
            EditInvalid: An operation cannot be, or the base is in the future.
        """
        if not 0 < len(change.operations) <= _MOST:
            raise EditInvalid(f"An edit has 1 to {_MOST} operations.", where="ops")
        async with self._locks.setdefault((workspace, app), asyncio.Lock()):
            row = await self._row(app, workspace)
            made = await self._made(app, change, workspace)
            if change.base > row.revision:
                raise EditInvalid(f"The app is at revision {row.revision}, not {change.base}.", where="base")
            missed = await self._missed(app, change, workspace)
            if made is not None:
                return Edited(revision=made, digest=row.digest, inverse=(), missed=missed)
            return await self._apply(row, change, workspace, missed)

    async def _apply(self, row: AppRow, change: Change, workspace: str, missed: list[Json]) -> Edited:
        before = await self._apps.bundle(row.digest, workspace)
        edit = await asyncio.to_thread(apply_edit, before, change.operations)
        stored = await self._database.apps.edit(
            AppChange(
                workspace=workspace, app=row.id, name=_name(row, edit), revision=row.revision, client=change.client,
                seq=change.seq, operations=_text(change.operations),
            ),
            edit.bundle,
        )  # fmt: skip
        if stored is None:
            raise EditConflict("The app was changed at the same time.", where=row.id, fix="Send the edit again.")
        self._apps.keep(edit.bundle, workspace)
        return Edited(revision=stored.revision, digest=stored.digest, inverse=edit.inverse, missed=missed)

    async def _row(self, app: str, workspace: str) -> AppRow:
        row = await self._database.apps.get(app, workspace)
        if row is None:
            await self._apps.put((await self._apps.find(app, workspace)).bundle, workspace)
            row = await self._database.apps.get(app, workspace)
        assert row is not None  # noqa: S101 it was put a moment ago
        return row

    async def _made(self, app: str, change: Change, workspace: str) -> int | None:
        edits = await self._database.apps.edits(app, workspace)
        own = [(rev, text) for rev, client, seq, text in edits if (client, seq) == (change.client, change.seq)]
        if own and own[0][1] != _text(change.operations):
            raise EditConflict(f"The edit {change.seq} of this client was another one.", where="seq")
        return own[0][0] if own else None

    async def _missed(self, app: str, change: Change, workspace: str) -> list[Json]:
        edits = await self._database.apps.edits(app, workspace, after=change.base)
        return [
            {"revision": rev, "client": client, "ops": cast("Json", json.loads(text))}
            for rev, client, _, text in edits
            if client != change.client
        ]


def _name(row: AppRow, edit: Edit) -> str:
    """Return the app's name after an edit, which must leave its id alone.

    Raises:
        EditInvalid: The edit gives it another id.
    """
    document = read_app(edit.bundle)
    if document is None:
        return row.name
    if document.app.id != row.id:
        raise EditInvalid("An edit leaves the app's id alone.", where="/app/id", fix="Put a copy under the new id.")
    name = texts(document.app.name) or {}
    return str(name.get("en") or name.get("zh"))


def _text(operations: Sequence[Operation]) -> str:
    return json.dumps([operation_to_json(one) for one in operations], ensure_ascii=False)
