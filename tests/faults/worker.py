"""A process that accepts jobs, takes up what a dead one has left, answers people's questions, and may be killed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.graph import CompiledApp
from agents.spec import Bundle
from runtime.base import failpoints
from runtime.base.errors import Json
from runtime.base.settings import Settings
from runtime.orchestration.dbos_backend import DbosBackend
from runtime.orchestration.engine import Engine
from runtime.orchestration.files import StoredFiles
from runtime.orchestration.host import Host
from runtime.orchestration.record import Origin
from runtime.orchestration.runs import Key
from runtime.orchestration.workers import Workers
from runtime.storage import Database, open_home
from tools.memory import Function, MemoryTool, MemoryToolset
from tools.ports import ToolDescription

from ..runtime.orchestration.bench import Answers, NoKnowledge
from .jobs import SCHEMA, Job
from .world import ask, value_of

__all__ = ["Site", "spawn"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a siege takes place.

    Args:
        home: The home folder.
        socket: Where the world can be asked.
        apps: The shapes, compiled.
        ledger: Whether tools are given their idempotency keys.
        url: The database that several workers share, if there is one.
        queue: Whether jobs are put into a queue in it.
    """

    home: Path
    socket: Path
    apps: Mapping[str, CompiledApp]
    ledger: bool = True
    url: str | None = None
    queue: bool = False


def spawn(site: Site, jobs: Sequence[Job], said: int, *, point: tuple[str, int] | None = None) -> int:
    """Start a worker and return its process id.

    Args:
        site: Where it works.
        jobs: What it is to accept, unless that has been done, and to finish.
        said: A file descriptor that it writes `accepted JOB` to once a job is accepted, and `done` at the end.
        point: A failpoint, and at which time it ends the process.
    """
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        if point is not None:
            failpoints.arm(*point)
        asyncio.run(_work(site, jobs, said))
        code = 0
    finally:
        os._exit(code)


async def _work(site: Site, jobs: Sequence[Job], said: int) -> None:
    with open_home(Settings(home=site.home)) as home:
        database = await Database.open(home, url=site.url)
        host = Host(
            models=Answers(), tools=_tools(site), retriever=NoKnowledge(), files=StoredFiles(database.artifacts)
        )

        async def recompile(bundle: Bundle, workspace: str) -> CompiledApp:
            return next(app for app in site.apps.values() if app.digest == bundle.digest)

        workers = Workers(database, home.identity(), beat=0.1, patience=1.0) if database.shared else None
        backend = DbosBackend(site.url, home.identity(), places=16) if site.url and site.queue else None
        engine = Engine(database, host, recompile, workers=workers, backend=backend)
        try:
            await engine.start()
            for job in jobs:
                if await engine.runs.keyed("main", job.name) is None:
                    key = Key(job.name, "siege")
                    app = site.apps[job.shape]
                    await engine.take_in(app, {"job": job.name}, Origin(), key=key, background=site.queue)
                os.write(said, f"accepted {job.name}\n".encode())
            await asyncio.gather(*(_finish(site, engine, job) for job in jobs))
            os.write(said, b"done\n")
        finally:
            await engine.close()
            await database.close()


async def _finish(site: Site, engine: Engine, job: Job) -> None:
    """See a job to its end: answer its questions, settle what is in doubt by looking at the world."""
    found = await engine.runs.keyed("main", job.name)
    assert found is not None
    run = found[1]
    while True:
        record = await engine.wait(run, timeout=5)
        if record.status == "waiting":
            for one in await engine.asks(run):
                await engine.answer(run, str(one["id"]), action="ok", form={}, by="siege")
        elif record.status == "doubt":
            await _settle(site, engine, run, job)
        elif record.status not in ("accepted", "running"):
            return
        await asyncio.sleep(0)


async def _settle(site: Site, engine: Engine, run: str, job: Job) -> None:
    done = await ask(site.socket, {"op": "report"})
    for effect in await engine.effects(run):
        if effect["state"] == "doubt":
            step = str(effect["path"])
            happened = f"{job.name}/{step}" in done
            result: Json = {"n": value_of(job.name, step)} if happened else None
            await engine.settle(run, str(effect["effect"]), done=happened, result=result, by="siege")


def _tools(site: Site) -> MemoryToolset:
    def acting(name: str) -> Function:
        async def act(arguments: Mapping[str, Json], key: str | None) -> Json:
            return await ask(site.socket, {"op": name, "key": key if site.ledger else None, **arguments})

        return act

    kinds = ("keyed", "once")
    described = {name: ToolDescription(name=name, description=name, input_schema=SCHEMA) for name in kinds}
    return MemoryToolset({"s": {name: MemoryTool(described[name], acting(name)) for name in kinds}})
