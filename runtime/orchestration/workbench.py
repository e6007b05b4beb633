"""A home with everything that runs need, put together: the one composition of the host's parts.

Whoever owns a home opens one: the server for as long as it lives, a command for the time that it takes.
"""

from __future__ import annotations

from pathlib import Path

from agents.compiler import Compilation, compile_bundle
from agents.graph import CompiledApp
from agents.spec import Bundle, Document, Resources, parse_yaml, read_document

from ..access import SecretStore, UnknownSecret, load_key
from ..base.settings import Settings
from ..models.assembly import open_hub
from ..models.ports import ModelHub
from ..storage import Database, Home, open_home
from .engine import Engine
from .errors import AppBroken
from .files import StoredFiles
from .host import Host
from .registry import NoBases, NoServers

__all__ = ["Workbench"]


class Workbench:
    """An open home. Make one with `Workbench.open`, and close it.

    Attributes:
        settings: The settings that it was opened with.
        home: The home folder, which this process owns.
        database: Its database.
        secrets: Its secrets.
        models: The model router.
        engine: Runs apps.
    """

    def __init__(
        self, settings: Settings, home: Home, database: Database, secrets: SecretStore, models: ModelHub
    ) -> None:
        self.settings = settings
        self.home = home
        self.database = database
        self.secrets = secrets
        self.models = models
        files = StoredFiles(database.artifacts)
        self.host = Host(models=models, tools=NoServers(), retriever=NoBases(), files=files)
        self.engine = Engine(database, self.host, self.recompile)

    @classmethod
    async def open(cls, settings: Settings, *, models_file: Path | None = None) -> Workbench:
        """Open the home of the settings.

        Args:
            settings: The settings.
            models_file: A `models.yaml` in the place of the home's own.

        Raises:
            HomeBusy: Another process owns it.
            BaigongError: A part cannot be opened.
        """
        home = open_home(settings)
        try:
            database = await Database.open(home)
        except BaseException:
            home.close()
            raise
        secrets = SecretStore(database, load_key(_key_text(settings), home.keys))

        async def reveal(name: str) -> str | None:
            try:
                return (await secrets.resolve(name)).reveal()
            except UnknownSecret:
                return None

        models = open_hub(models_file or home.root / "models.yaml", secrets=reveal, offline=settings.offline)
        return cls(settings, home, database, secrets, models)

    async def close(self) -> None:
        """Stop the engine, end what was started, and give the home free."""
        await self.engine.close()
        await self.host.tools.close()
        await self.models.close()
        await self.database.close()
        self.home.close()

    async def resources(self, document: Document, *, complete: bool = True) -> Resources:
        """Return the snapshot of this host that an app is compiled against."""
        models = {alias: self.models.infos(need) for alias, need in document.requires.models.items()}
        secrets = frozenset(info.name for info in await self.secrets.list())
        return Resources(models=models, secrets=secrets, complete=complete)

    async def compile(self, bundle: Bundle, *, complete: bool = True) -> Compilation:
        """Compile a bundle against this host; unless `complete`, what the host lacks is no error by itself."""
        parsed = parse_yaml(bundle.app_text)
        document, _ = read_document(parsed.data, parsed.positions) if parsed.data is not None else (None, [])
        return compile_bundle(bundle, await self.resources(document, complete=complete) if document else None)

    async def recompile(self, bundle: Bundle, workspace: str) -> CompiledApp:
        """Compile the stored bundle of a run, which was checked when it was accepted; a replay needs no model.

        Raises:
            AppBroken: It does not compile here.
        """
        return ready(await self.compile(bundle, complete=False))


def _key_text(settings: Settings) -> str | None:
    return settings.secret_key.get_secret_value() if settings.secret_key else None


def ready(found: Compilation) -> CompiledApp:
    """Return the app of a compilation.

    Raises:
        AppBroken: There is none; the error names the first finding and holds them all.
    """
    if found.app is not None:
        return found.app
    errors = [finding for finding in found.diagnostics if finding.severity == "error"]
    first = errors[0]
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    raise AppBroken(
        f"The app has errors: {first.code} {first.en}{more}",
        where=first.path or "app.yaml",
        fix="Run: baigong check PATH",
        details={"diagnostics": [finding.to_json() for finding in found.diagnostics]},
    )
