"""The apps that a workspace can run: those that were put into it, and those that are shipped."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol
from weakref import WeakValueDictionary

from agents.catalog import app_folder, app_ids
from agents.compiler import Compilation
from agents.errors import BundleNotFound
from agents.graph import CompiledApp
from agents.spec import Bundle, read_bundle

from ..base.errors import Json
from ..storage import AppMissing, Database
from .errors import AppBroken
from .outline import describe_inputs, describe_outputs, read_app, texts
from .ready import ready

__all__ = ["App", "Apps"]


class Compile(Protocol):
    """Compiles a bundle against the home, making the app's own knowledge bases where it is to run."""

    async def __call__(self, bundle: Bundle, *, prepare: bool, workspace: str = "main") -> Compilation:
        """Compile."""
        ...


_KEPT: Final = 64
"""Compilations that are kept."""


@dataclass(frozen=True, slots=True)
class App:
    """An app by its id: its bundle, and whether it is shipped (`catalog`) or the workspace's own."""

    id: str
    bundle: Bundle
    origin: str
    updated: int | None = None

    def to_json(self) -> dict[str, Json]:
        """Return what a list or a form needs of it; an app whose text has no proper shape has fewer fields."""
        document = read_app(self.bundle)
        data: dict[str, Json] = {
            "id": self.id, "origin": self.origin, "digest": self.bundle.digest, "updated": self.updated,
        }  # fmt: skip
        if document is None:
            return {**data, "name": {"en": self.id, "zh": self.id}, "version": None, "inputs": [], "outputs": []}
        return {
            **data,
            "name": texts(document.app.name),
            "description": texts(document.app.description),
            "version": document.app.version,
            "inputs": describe_inputs(document),
            "outputs": describe_outputs(document),
        }


class Apps:
    """Finds apps, keeps them, and compiles each bundle once.

    Args:
        database: The home's database.
        compiler: Compiles a bundle against the home.
    """

    def __init__(self, database: Database, compiler: Compile) -> None:
        self._database = database
        self._compile = compiler
        self._compiled: OrderedDict[str, CompiledApp] = OrderedDict()
        self._bundles: OrderedDict[tuple[str, str], Bundle] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def list(self, workspace: str = "main") -> list[App]:
        """Return the workspace's own apps, then those shipped ones whose ids it does not use."""
        rows = await self._database.apps.list(workspace)
        own = [await self._own(row.id, row.digest, row.updated, workspace) for row in rows]
        taken = {app.id for app in own}
        for name in app_ids():
            if name not in taken:
                own.append(App(name, await _shipped(name), "catalog"))
        return own

    async def find(self, app: str, workspace: str = "main") -> App:
        """Return the workspace's app of this id, or the shipped one.

        Raises:
            AppMissing: There is neither.
        """
        row = await self._database.apps.get(app, workspace)
        if row is not None:
            return await self._own(row.id, row.digest, row.updated, workspace)
        if app_folder(app) is None:
            known = ", ".join(one.id for one in await self.list(workspace))
            raise AppMissing(f"There is no app {app!r}.", where=app, fix=f"There are: {known}. Or give a path.")
        return App(app, await _shipped(app), "catalog")

    async def put(self, bundle: Bundle, workspace: str = "main") -> App:
        """Keep a bundle under its app's id; it may have errors still, but must have the shape of an app.

        Raises:
            AppBroken: Its text has not the shape of an app.
            StorageError: The database cannot be written.
        """
        document = read_app(bundle)
        if document is None:
            ready(await self._compile(bundle, prepare=False, workspace=workspace))
            raise AppBroken("The text is no app.", where="app.yaml")
        await self._database.bundles.put(bundle, workspace)
        self.keep(bundle, workspace)
        name = texts(document.app.name) or {}
        row = await self._database.apps.put(
            document.app.id, str(name.get("en") or name.get("zh")), bundle.digest, workspace=workspace
        )
        return App(row.id, bundle, "own", row.updated)

    async def remove(self, app: str, workspace: str = "main") -> None:
        """Forget one of the workspace's own apps.

        Raises:
            AppMissing: It has none of this id.
        """
        await self._database.apps.remove(app, workspace)

    async def bundle(self, digest: str, workspace: str = "main") -> Bundle:
        """Return a stored bundle.

        Raises:
            BundleMissing: The workspace has none with this digest.
        """
        key = (workspace, digest)
        if key not in self._bundles:
            self._bundles[key] = await self._database.bundles.get(digest, workspace)
            while len(self._bundles) > _KEPT:
                self._bundles.popitem(last=False)
        return self._bundles[key]

    def keep(self, bundle: Bundle, workspace: str = "main") -> None:
        """Know a bundle that was stored elsewhere; its layout may be another under the same digest."""
        self._bundles[workspace, bundle.digest] = bundle

    async def compilation(self, bundle: Bundle, workspace: str = "main") -> Compilation:
        """Compile a bundle afresh, to say what is right and wrong with it."""
        return await self._compile(bundle, prepare=False, workspace=workspace)

    async def compiled(self, bundle: Bundle, workspace: str = "main") -> CompiledApp:
        """Return the compiled app of a bundle, ready to run.

        Raises:
            AppBroken: It has errors.
        """
        if (known := self._compiled.get(bundle.digest)) is not None:
            return known
        async with self._locks.setdefault(bundle.digest, asyncio.Lock()):
            app = self._compiled.get(bundle.digest)
            if app is None:
                app = self._compiled[bundle.digest] = ready(
                    await self._compile(bundle, prepare=True, workspace=workspace)
                )
                while len(self._compiled) > _KEPT:
                    self._compiled.popitem(last=False)
            return app

    def forget(self) -> None:
        """Compile every bundle again: the home's tools, models, bases or secrets have changed."""
        self._compiled.clear()

    async def _own(self, app: str, digest: str, updated: int, workspace: str) -> App:
        return App(app, await self.bundle(digest, workspace), "own", updated)


async def _shipped(app: str) -> Bundle:
    return await asyncio.to_thread(_read_shipped, app)


@lru_cache
def _read_shipped(app: str) -> Bundle:
    folder = app_folder(app)
    if folder is None:
        raise BundleNotFound(f"There is no shipped app {app!r}.", where=app)
    return read_bundle(folder)
