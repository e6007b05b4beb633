"""The apps that an app runs: found by the content hash that it names, compiled against the same home."""

from __future__ import annotations

from typing import TypeAlias

from agents.compiler.interface import broken, interface_of
from agents.graph import CompiledApp
from agents.spec import AppInfo, Bundle, Document
from agents.spec.document import AppNeed

from ..base.errors import BaigongError
from ..storage import AppMissing
from .apps import Apps
from .launcher import Recompile

__all__ = ["Known", "Subflows"]

Known: TypeAlias = tuple[dict[str, AppInfo], dict[str, CompiledApp]]
"""What an app may know of the apps that it runs, and those of them that can be run."""


class Subflows:
    """Looks apps up for the apps that run them.

    Args:
        apps: The home's apps.
        recompile: Compiles a stored bundle although the home may lack what it needs.
    """

    def __init__(self, apps: Apps, recompile: Recompile) -> None:
        self._apps = apps
        self._recompile = recompile

    async def infos(self, document: Document, workspace: str, *, latest: bool, complete: bool) -> Known:
        """Return the apps that a document requires, by its own names for them.

        Args:
            document: The app.
            workspace: Where it belongs.
            latest: Whether one that names no hash is looked at in its newest version; it cannot be run so.
            complete: Whether what the home lacks is an error.
        """
        infos: dict[str, AppInfo] = {}
        apps: dict[str, CompiledApp] = {}
        for alias, need in document.requires.apps.items():
            newest = await self._newest(need.app, workspace)
            bundle = await self._bundle(need, newest, workspace, latest=latest)
            found = None if bundle is None else await self._compiled(need, bundle, workspace, complete=complete)
            if isinstance(found, CompiledApp):
                apps[alias] = found
                infos[alias] = interface_of(found, latest=newest.digest if newest else None)
            elif found is not None:
                infos[alias] = found
        return infos, apps

    async def _bundle(self, need: AppNeed, newest: Bundle | None, workspace: str, *, latest: bool) -> Bundle | None:
        if need.digest is None:
            return newest if latest else None
        if newest is not None and newest.digest == need.digest:
            return newest
        return await self._stored(need.digest, workspace)

    async def _compiled(
        self, need: AppNeed, bundle: Bundle, workspace: str, *, complete: bool
    ) -> CompiledApp | AppInfo:
        try:
            compile_ = self._apps.compiled if complete else self._recompile
            app = await compile_(bundle, workspace)
        except BaigongError as error:
            return broken(need.app, bundle.digest, error.message)
        if app.id != need.app:
            return broken(need.app, bundle.digest, f"it is the app {app.id!r}")
        return app

    async def _newest(self, app: str, workspace: str) -> Bundle | None:
        try:
            return (await self._apps.find(app, workspace)).bundle
        except AppMissing:
            return None

    async def _stored(self, digest: str, workspace: str) -> Bundle | None:
        try:
            return await self._apps.bundle(digest, workspace)
        except BaigongError:
            return None
