"""A small host for tests: a real database, tools in memory, a scripted model, no knowledge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agents.compiler import compile_bundle
from agents.context import ModelReply, ModelRequest, RetrieveReply, RetrieveRequest
from agents.graph import CompiledApp
from agents.spec import Bundle, ModelInfo, Resources, ToolInfo, ToolPolicy
from agents.spec.document import ModelNeed
from runtime.base.errors import Json
from runtime.base.settings import Settings
from runtime.models.errors import ModelUnavailable
from runtime.models.ports import Caller, Delta, ModelAnswer, Offer
from runtime.orchestration.engine import Engine
from runtime.orchestration.files import StoredFiles
from runtime.orchestration.host import Door, Host
from runtime.orchestration.turns import Turns
from runtime.orchestration.workers import Workers
from runtime.storage import Database, open_home
from tools.memory import MemoryTool, MemoryToolset
from tools.ports import ToolDescription

HEAD = "dsl: 1\napp: {id: example, name: Example, version: 0.1.0}\n"
SCHEMA: dict[str, Json] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
POLICIES = {
    "read": ToolPolicy(effect_class="pure", effect="none", reads="trusted", approval="never"),
    "act": ToolPolicy(effect_class="keyed", effect="irreversible", reads="trusted", approval="effects"),
    "once": ToolPolicy(effect_class="once", effect="irreversible", reads="trusted", approval="effects"),
    "gossip": ToolPolicy(effect_class="pure", effect="none", reads="untrusted", approval="never"),
}
NEEDS = "requires: {models: {main: {}}, tools: {t: {server: s, allow: [read, act, once, gossip]}}}\n"


@dataclass(slots=True)
class Answers:
    """A model that echoes, or fails as often as it is told to."""

    failures: int = 0
    calls: list[ModelRequest] = field(default_factory=list[ModelRequest])

    async def call(
        self,
        request: ModelRequest,
        need: ModelNeed,
        *,
        only: Collection[str] | None = None,
        on_delta: Delta | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
        caller: Caller | None = None,
    ) -> ModelAnswer:
        self.calls.append(request)
        if self.failures:
            self.failures -= 1
            raise ModelUnavailable("The model is away.")
        answer = await self.answer(request, only)
        if on_delta:
            for piece in answer.reply.text.split(" "):
                on_delta(piece + " ")
        return answer

    async def answer(self, request: ModelRequest, only: Collection[str] | None) -> ModelAnswer:
        return ModelAnswer(reply=self.reply(request), deployment="scripted/echo")

    def reply(self, request: ModelRequest) -> ModelReply:
        usage: dict[str, Json] = {"tokens": 10, "usd": 0.001, "seconds": 0.0, "tool_calls": 0}
        return ModelReply(text=f"You said: {request.messages[-1].content}", usage=usage)

    def infos(self, need: ModelNeed) -> tuple[ModelInfo, ...]:
        return (ModelInfo(id="scripted/echo", caps=frozenset({"chat"}), context=4096),)

    def offers(self, request: ModelRequest, need: ModelNeed) -> list[Offer]:
        return [Offer("scripted/echo", {"tokens": 10.0, "usd": 0.001})]

    async def close(self) -> None:
        pass


class NoKnowledge:
    """Finds nothing."""

    async def search(self, app: CompiledApp, workspace: str, request: RetrieveRequest) -> RetrieveReply:
        return RetrieveReply(passages=(), citations=(), text="")


Function = Callable[[Mapping[str, Json], str | None], Awaitable[Json]]


async def double(arguments: Mapping[str, Json], key: str | None) -> Json:
    n = arguments["n"]
    assert isinstance(n, int)
    return {"n": 2 * n}


def toolset(**functions: Function) -> MemoryToolset:
    """Return one server `s` whose tools double a number unless told otherwise."""
    tools = {
        name: MemoryTool(ToolDescription(name=name, description=name, input_schema=SCHEMA), functions.get(name, double))
        for name in POLICIES
    }
    return MemoryToolset({"s": tools})


RESOURCES = Resources(
    servers={
        "s": {
            name: ToolInfo(name=name, description=name, input_schema=SCHEMA, policy=policy)
            for name, policy in POLICIES.items()
        }
    },
    models={"main": (ModelInfo(id="scripted/echo", caps=frozenset({"chat"}), context=4096),)},
    complete=True,
)


def compiled(text: str, **files: str) -> CompiledApp:
    """Compile an app against the small host."""
    content = {name.replace("__", "/"): body.encode() for name, body in files.items()}
    found = compile_bundle(Bundle(files={"app.yaml": text.encode(), **content}), RESOURCES)
    assert found.app is not None, [one.en for one in found.diagnostics]
    return found.app


async def recompile(bundle: Bundle, workspace: str) -> CompiledApp:
    found = compile_bundle(bundle, RESOURCES)
    assert found.app is not None
    return found.app


@dataclass(kw_only=True, slots=True)
class Bench:
    """An engine and its parts."""

    engine: Engine
    database: Database
    models: Answers
    tools: MemoryToolset

    async def events(self, run: str) -> list[tuple[str, str]]:
        """Return (type, path) of every event of a run."""
        found = self.engine.events(run)
        return [(item.type, item.path) async for item in found if hasattr(item, "seq")]


def address(folder: Path) -> str | None:
    """Return the address of a folder's database, where it is not a file in it."""
    return None


@asynccontextmanager
async def bench(
    folder: Path,
    *,
    tools: MemoryToolset | None = None,
    models: Answers | None = None,
    doors: Mapping[str, Door] | None = None,
    day: dict[str, float] | None = None,
    places: int = 64,
    url: str | None = None,
) -> AsyncIterator[Bench]:
    """Open an engine over a home folder and close it again.

    On a shared database, it is a worker that says every 50 ms that it lives and is taken for dead after 1.2 s.
    """
    with open_home(Settings(home=folder)) as home:
        database = await Database.open(home, url=url or address(folder))
        answers, servers = models or Answers(), tools or toolset()
        host = Host(
            models=answers,
            tools=servers,
            retriever=NoKnowledge(),
            files=StoredFiles(database.artifacts),
            doors=doors or {},
        )
        workers = Workers(database, home.identity(), beat=0.05, patience=1.2) if database.shared else None
        engine = Engine(database, host, recompile, day_limits=day, turns=Turns(places), workers=workers)
        try:
            yield Bench(engine=engine, database=database, models=answers, tools=servers)
        finally:
            await engine.close()
            await database.close()
