"""What this host has of what an app requires: the snapshot that the compiler checks against and `lock` writes down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from agents.spec import Bundle, DatabaseInfo, Document, Resources, ToolInfo, ToolPolicy
from tools.databases import DatabaseSpec
from tools.ports import Toolset
from tools.spec import ServerSpec

from ..access import SecretStore
from ..models.ports import ModelHub
from .bases import Bases

__all__ = ["Inventory"]


class Inventory:
    """Looks requirements up in the registries of a home.

    Args:
        specs: The home's tool servers.
        tools: The pool that reaches them.
        models: The model router.
        bases: Knowledge bases.
        secrets: Secrets, of which only the names are read.
        databases: The home's databases.
    """

    def __init__(
        self,
        specs: Mapping[str, ServerSpec],
        tools: Toolset,
        models: ModelHub,
        bases: Bases,
        *,
        secrets: SecretStore,
        databases: Mapping[str, DatabaseSpec],
    ) -> None:
        self._specs = specs
        self._tools = tools
        self._models = models
        self._bases = bases
        self._secrets = secrets
        self._databases = databases

    async def take(self, document: Document, bundle: Bundle, *, complete: bool = True) -> Resources:
        """Return the snapshot; the tool servers that the app names are started for it.

        Args:
            document: The app.
            bundle: Its bundle, which may carry recipes of bases.
            complete: Whether what the host lacks counts as an error by itself.

        Raises:
            ToolError: A server that the home knows cannot be reached.
        """
        names = {need.server for need in document.requires.tools.values()}
        return Resources(
            servers={name: await self._server(name) for name in sorted(names) if name in self._specs},
            models={alias: self._models.infos(need) for alias, need in document.requires.models.items()},
            bases=await self._bases.infos(document, bundle),
            databases={
                alias: _database(name, self._databases[name])
                for alias, name in document.requires.databases.items()
                if name in self._databases
            },
            secrets=frozenset(info.name for info in await self._secrets.list()),
            complete=complete,
        )

    async def _server(self, name: str) -> dict[str, ToolInfo]:
        spec = self._specs[name]
        return {
            one.name: ToolInfo(
                name=one.name,
                description=one.description,
                input_schema=one.input_schema,
                output_schema=one.output_schema,
                policy=ToolPolicy(**asdict(spec.policy(one.name))),
            )
            for one in await self._tools.list(name)
        }


def _database(name: str, spec: DatabaseSpec) -> DatabaseInfo:
    return DatabaseInfo(name=name, write=spec.write, ledger=spec.ledger, reads=spec.reads, private=spec.private)
