"""A home with everything that runs need, put together: the one composition of the host's parts.

Whoever owns a home opens one: the server for as long as it lives, a command for the time that it takes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from agents.compiler import Compilation, compile_bundle
from agents.graph import CompiledApp
from agents.spec import Bundle, Document, Resources
from knowledge.library import Library
from tools.databases import listed_databases
from tools.http import HttpDoor
from tools.registry import registered
from tools.servers import ServerPool
from tools.sql import SqlDoor

from ..access import Credentials, SecretStore, UnknownSecret, load_key
from ..base.networks import read_networks
from ..base.settings import Settings
from ..models.answers import Answers
from ..models.assembly import Builder, open_hub
from ..models.decisions import DecisionLog
from ..models.local.residents import MIB, Residents
from ..models.registry import Registry
from ..models.similar_store import SimilarStore
from ..storage import Database, Home, open_home
from .apps import Apps
from .backend import RunBackend
from .bases import Bases
from .batches import Batches
from .drafts import Drafts
from .engine import Engine
from .errors import NeedsPostgres
from .files import StoredFiles
from .host import Host
from .inference import Inference
from .inventory import Inventory
from .outline import read_app
from .ready import ready
from .subflows import Subflows
from .turns import Turns
from .workers import Workers

__all__ = ["Workbench"]


class Workbench:
    """An open home. Make one with `Workbench.open`, and close it.

    Attributes:
        settings: The settings that it was opened with.
        home: The home folder, which this process owns.
        database: Its database.
        secrets: Its secrets.
        credentials: Its API keys and sign-ins.
        servers: Its tool servers by name.
        models_file: The file that declares its models.
        models: Its model router.
        answers: What models answered before.
        similar: What they answered to questions that others may resemble.
        builder: Makes models.
        registry: Declares models.
        decisions: What the router has decided.
        library: Its knowledge bases.
        host: What runs reach.
        inventory: What it has of what an app requires.
        engine: Runs apps.
        inference: Calls models for callers outside of apps.
        batches: Answers batches of requests, once the server has started it.
        apps: Finds and compiles apps.
        subflows: Finds the apps that apps run.
        drafts: Edits apps.
    """

    def __init__(self, settings: Settings, home: Home, database: Database, models_file: Path | None) -> None:
        self.settings = settings
        self.home = home
        self.database = database
        key = load_key(_key_text(settings), home.keys)
        self.secrets = SecretStore(database, key)
        self.credentials = Credentials(database, key)
        self.library = Library(home.root / "knowledge", threads=max(1, settings.threads // 2))
        self.servers = specs = registered(home.root)
        self.models_file = models_file or home.root / "models.yaml"
        self.decisions = decisions = DecisionLog(database.writer, database.reader)
        self.answers = Answers(database.writer, database.reader)
        self.similar = SimilarStore(database.writer, database.reader)
        self.builder = builder = Builder(
            secrets=self._reveal,
            offline=settings.offline,
            sentences=self.library.embedder,
            unlisted=settings.unlisted_models,
            residents=Residents(settings.models_mb * MIB if settings.models_mb else None),
        )
        self.models = models = open_hub(
            self.models_file,
            builder,
            recorder=decisions,
            outcomes=decisions.outcomes,
            answers=self.answers,
            similar=self.similar,
        )
        self.registry = Registry(self.models_file, models.fleet)
        self.bases = Bases(self.library)
        files = StoredFiles(database.artifacts)
        inner = read_networks(settings.inner_networks or "")
        client = HttpDoor(secrets=self._reveal, inner=inner, offline=settings.offline)
        databases = listed_databases(home.root)
        queries = SqlDoor(databases=databases, home=home.root, secrets=self._reveal)
        self.host = Host(
            models=models,
            tools=ServerPool(specs),
            retriever=self.bases,
            files=files,
            doors={"http": client.call, "sql": queries.call},
        )
        self.inventory = Inventory(
            specs, self.host.tools, models, self.bases, secrets=self.secrets, databases=databases
        )
        limits = {"usd": settings.day_usd, "tokens": settings.day_tokens}
        given = {kind: float(limit) for kind, limit in limits.items() if limit is not None}
        turns = Turns(settings.max_runs, settings.max_runs_workspace)
        worker = home.identity()
        self.engine = Engine(
            database, self.host, self.recompile, day_limits=given, turns=turns,
            workers=Workers(database, worker) if database.shared else None, backend=_backend(settings, worker),
        )  # fmt: skip
        self.inference = Inference(models, self.engine.spending, database.writer)
        self.batches = Batches(database, worker)
        self.apps = Apps(database, self.compile)
        self.subflows = Subflows(self.apps, self.recompile)
        self.drafts = Drafts(database, self.apps)

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
            url = settings.database_url
            database = await Database.open(home, url=url.get_secret_value() if url else None)
            try:
                return cls(settings, home, database, models_file)
            except BaseException:
                await database.close()
                raise
        except BaseException:
            home.close()
            raise

    async def close(self, *, drain: float = 0.0) -> None:
        """Stop the engine, end what was started, and give the home free.

        Args:
            drain: Seconds that nodes at work have to come to their end.
        """
        await self.batches.close()
        await self.engine.close(drain=drain)
        await self.host.tools.close()
        await self.host.models.close()
        await self.bases.close()
        await self.database.close()
        self.home.close()

    async def _reveal(self, name: str) -> str | None:
        try:
            return (await self.secrets.resolve(name)).reveal()
        except UnknownSecret:
            return None

    async def compile(
        self, bundle: Bundle, *, complete: bool = True, prepare: bool = True, workspace: str = "main"
    ) -> Compilation:
        """Compile a bundle against this host.

        Args:
            bundle: The bundle.
            complete: Whether what the host lacks is an error by itself.
            prepare: Whether to make the app's own knowledge bases, which takes time in proportion to their documents.
            workspace: Where the apps that it runs are looked for.
        """
        document = read_app(bundle)
        if document is None:
            return compile_bundle(bundle)
        if prepare:
            await self.bases.prepare(document, bundle)
        resources, apps = await self._take(document, bundle, workspace, latest=not prepare, complete=complete)
        return compile_bundle(bundle, resources, apps)

    async def resources(self, document: Document, bundle: Bundle, workspace: str) -> Resources:
        """Return what this host has of what an app requires, to be written down in its lock."""
        resources, _ = await self._take(document, bundle, workspace, latest=True, complete=True)
        return resources

    async def _take(
        self, document: Document, bundle: Bundle, workspace: str, *, latest: bool, complete: bool
    ) -> tuple[Resources, dict[str, CompiledApp]]:
        found = await self.inventory.take(document, bundle, complete=complete)
        infos, apps = await self.subflows.infos(document, workspace, latest=latest, complete=complete)
        return replace(found, apps=infos), apps

    async def recompile(self, bundle: Bundle, workspace: str) -> CompiledApp:
        """Compile the stored bundle of a run, which was checked when it was accepted; a replay needs no model.

        Raises:
            AppBroken: It does not compile here.
        """
        return ready(await self.compile(bundle, complete=False, workspace=workspace))


def _backend(settings: Settings, worker: str) -> RunBackend | None:
    """Return the queue of runs, where the settings say that there is one.

    Raises:
        NeedsPostgres: There is no PostgreSQL database for it.
    """
    if settings.backend == "inline":
        return None
    from .dbos_backend import DbosBackend

    if settings.database_url is None:
        raise NeedsPostgres(
            "The backend dbos needs a PostgreSQL database.",
            where="BAIGONG_BACKEND",
            fix="Set BAIGONG_DATABASE_URL, or BAIGONG_BACKEND=inline.",
        )
    return DbosBackend(settings.database_url.get_secret_value(), worker, places=settings.max_runs)


def _key_text(settings: Settings) -> str | None:
    return settings.secret_key.get_secret_value() if settings.secret_key else None
