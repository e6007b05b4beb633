"""Several workers on one PostgreSQL database: no run is done twice, none is lost, and any of them can be asked."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from agents.context import ModelRequest
from agents.graph import CompiledApp
from agents.spec import Bundle
from runtime.access import Credentials
from runtime.access.key import SecretKey
from runtime.base.events import Event
from runtime.base.settings import Settings
from runtime.models.ports import ModelAnswer
from runtime.orchestration.errors import AppBroken, RunNotOpen
from runtime.orchestration.record import Origin, RunInfo, RunRecord
from runtime.orchestration.runs import Key
from runtime.orchestration.workers import Workers
from runtime.storage import StreamLost, open_home

from . import bench as host_of
from .bench import HEAD, NEEDS, Answers, Bench, compiled

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CHAT = (
    HEAD
    + NEEDS
    + "inputs: {q: string}\noutputs: {a: string}\nnodes:\n"
    + "  say: {type: llm, model: main, prompt: '${q}', in: {q: '${inputs.q}'}}\n"
    + "  done: {type: end, in: {a: '${say.text}'}}\n"
)
ASK = (
    HEAD
    + "inputs: {q: string}\noutputs: {a: string}\nnodes:\n"
    + "  ask: {type: human, actions: [yes_, no_], in: {q: '${inputs.q}'}, wait: WAIT, on_timeout: no_}\n"
    + "  good: {type: end, in: {a: good}}\n  bad: {type: end, in: {a: bad}}\n"
    + "edges: [[ask.yes_, good], [ask.no_, bad]]\n"
)


@dataclass(slots=True)
class Slow(Answers):
    """A model that takes its time, and knows how many calls were under way at once."""

    seconds: float = 0.3
    now: int = 0
    most: int = 0

    async def answer(self, request: ModelRequest, only: Collection[str] | None) -> ModelAnswer:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.now -= 1
        return ModelAnswer(reply=self.reply(request), deployment="scripted/echo")


@pytest.fixture
def url(server: str) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS workers WITH (FORCE)")
        connection.execute("CREATE DATABASE workers")
    return f"{server.rpartition('/')[0]}/workers"


@dataclass(slots=True)
class Crew:
    """Workers with one model."""

    url: str
    models: Slow
    hosts: list[Bench]


@pytest.fixture
async def crew(tmp_path: Path, url: str) -> AsyncIterator[Crew]:
    models = Slow()
    async with AsyncExitStack() as stack:
        hosts = [
            await stack.enter_async_context(host_of.bench(tmp_path / name, models=models, url=url))
            for name in ("one", "two", "three")
        ]
        for host in hosts:
            await host.engine.start()
        yield Crew(url, models, hosts)


async def die(host: Bench) -> None:
    """Do what is left of a worker whose process was killed: nothing, not even a word of farewell."""
    takeover = host.engine._takeover  # pyright: ignore[reportPrivateUsage]
    assert takeover is not None
    await takeover.close()
    host.engine._takeover = None  # pyright: ignore[reportPrivateUsage]
    for task in host.engine._tasks.values():  # pyright: ignore[reportPrivateUsage]
        task.cancel()


async def ended(host: Bench, run: str) -> RunRecord:
    async with asyncio.timeout(20):
        while (record := await host.engine.wait(run)).status in ("accepted", "running", "waiting"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return record


async def test_nobody_takes_a_run_from_a_live_worker(crew: Crew) -> None:
    crew.models.seconds = 2.5  # much longer than a worker may be silent
    one, two, _ = crew.hosts
    runs = [(await one.engine.accept(compiled(CHAT), {"q": str(n)})).id for n in range(5)]
    await asyncio.sleep(0.1)
    with pytest.raises(RunNotOpen, match="another process"):
        await two.engine.resume(runs[0])
    for run in runs:
        assert (await ended(two, run)).status == "ended"
    assert len(crew.models.calls) == 5
    assert {kind for run in runs for kind, _ in await one.events(run)}.isdisjoint({"run.resumed"})


async def test_the_runs_of_a_dead_worker_are_finished_by_the_others_once_each(crew: Crew) -> None:
    crew.models.seconds = 3
    one, two, three = crew.hosts
    runs = [(await one.engine.accept(compiled(CHAT), {"q": str(n)})).id for n in range(20)]
    await asyncio.sleep(0.2)
    await die(one)
    for run in runs:
        assert (await ended(two, run)).outputs == {"a": f"You said: {runs.index(run)}"}
        types = [kind for kind, _ in await three.events(run)]
        assert (types.count("run.resumed"), types.count("run.ended")) == (1, 1)


async def test_a_worker_that_ends_in_order_is_followed_at_once(tmp_path: Path, url: str) -> None:
    async with host_of.bench(tmp_path / "a", url=url) as two:
        async with host_of.bench(tmp_path / "b", models=Slow(seconds=30), url=url) as one:
            await one.engine.start()
            run = (await one.engine.accept(compiled(CHAT), {"q": "x"})).id
            await asyncio.sleep(0.1)
        assert await two.engine.start() == [run]
        assert (await ended(two, run)).status == "ended"


async def test_of_many_that_want_a_run_one_gets_it(tmp_path: Path, url: str) -> None:
    async with AsyncExitStack() as stack:
        hosts = [await stack.enter_async_context(host_of.bench(tmp_path / str(n), url=url)) for n in range(4)]
        first = hosts[0]
        await first.database.writer.call(
            lambda connection: (
                connection.execute(
                    "INSERT INTO runs (id, app, digest, surface, principal, status, fence, inputs, created) "
                    "VALUES ('run_1', 'a', 'd', 'cli', 'p', 'running', 3, '{}', 1)"
                ).rowcount
            )
        )
        workers = [Workers(host.database, f"w{n}") for n, host in enumerate(hosts)]
        for one in workers:
            await one.begin()
        claims = [
            host.database.writer.call(lambda connection, one=one: one.claim(connection, "run_1", 3))
            for host, one in zip(hosts, workers, strict=True)
            for _ in range(5)
        ]
        assert sorted(await asyncio.gather(*claims), key=str) == [4, *[None] * 19]


async def test_it_does_not_matter_whom_one_asks(crew: Crew) -> None:
    one, two, three = crew.hosts
    run = (await one.engine.accept(compiled(CHAT), {"q": "hello"})).id
    seen = [event async for event in two.engine.events(run) if isinstance(event, Event)]
    assert [event.seq for event in seen] == [*range(1, len(seen) + 1)]
    assert seen[-1].type == "run.ended"
    again = [event.seq async for event in three.engine.events(run, after=3) if isinstance(event, Event)]
    assert again == [event.seq for event in seen[3:]]
    assert (await three.engine.wait(run)).status == "ended"
    assert (await three.engine.replay(run)).outputs == {"a": "You said: hello"}


async def test_an_answer_may_be_given_to_any_worker(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, _ = crew.hosts
    app = compiled(ASK.replace("WAIT", "1h"))
    monkeypatch.setattr(two.engine, "_recompile", lambda *_: _given(app))
    run = (await one.engine.accept(app, {"q": "x"})).id
    following = asyncio.create_task(_types(one, run))
    await one.engine.wait(run)
    [ask] = await two.engine.asks(run)
    await two.engine.answer(run, str(ask["id"]), action="yes_", form={}, by="ann")
    assert (await ended(one, run)).outputs == {"a": "good"}
    assert (await following)[-1] == "run.ended"


async def test_a_question_outlives_the_worker_that_asked_it(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, three = crew.hosts
    app = compiled(ASK.replace("WAIT", "2s"))
    for host in (two, three):
        monkeypatch.setattr(host.engine, "_recompile", lambda *_: _given(app))
    run = (await one.engine.accept(app, {"q": "x"})).id
    await one.engine.wait(run)
    await die(one)
    one.engine._alarms.close()  # pyright: ignore[reportPrivateUsage]
    assert (await ended(two, run)).outputs == {"a": "bad"}
    assert [kind for kind, _ in await two.events(run)].count("run.ended") == 1


async def test_any_worker_can_cancel_a_run(crew: Crew) -> None:
    crew.models.seconds = 10
    one, two, _ = crew.hosts
    run = (await one.engine.accept(compiled(CHAT), {"q": "x"})).id
    await asyncio.sleep(0.2)
    assert (await two.engine.cancel(run)).status == "cancelled"
    async with asyncio.timeout(3):
        while crew.models.now:  # noqa: ASYNC110 what ends it is another task
            await asyncio.sleep(0.02)
    assert (await one.engine.wait(run)).status == "cancelled"
    assert [kind for kind, _ in await one.events(run)][-1] == "run.ended"


async def test_runs_of_one_conversation_wait_for_each_other(crew: Crew) -> None:
    crew.models.seconds = 0.1
    runs = [await host.engine.accept(compiled(CHAT), {"q": "x"}, session="s") for _ in range(3) for host in crew.hosts]
    for info in runs:
        assert (await ended(crew.hosts[0], info.id)).status == "ended"
    assert (len(crew.models.calls), crew.models.most) == (9, 1)


async def test_the_turn_of_a_dead_worker_passes_on(crew: Crew) -> None:
    crew.models.seconds = 1
    one, two, _ = crew.hosts
    first = await one.engine.accept(compiled(CHAT), {"q": "1"}, session="s")
    await asyncio.sleep(0.2)
    await die(one)
    second = await two.engine.accept(compiled(CHAT), {"q": "2"}, session="s")
    assert (await ended(two, second.id)).status == "ended"
    assert (await ended(two, first.id)).status == "ended"


async def test_a_turn_that_was_not_given_back_is_taken_when_its_run_is_over(crew: Crew) -> None:
    """As where the database was away for a moment, right after the run had ended."""
    crew.models.seconds = 0
    one, two, _ = crew.hosts
    first = await one.engine.accept(compiled(CHAT), {"q": "1"}, session="s")
    assert (await ended(one, first.id)).status == "ended"
    put = "INSERT INTO session_turns (workspace, session, run, worker) SELECT 'main', 's', run, worker FROM leases"
    await one.database.writer.call(lambda connection: connection.execute(put).rowcount)
    for host in (one, two):
        again = await host.engine.accept(compiled(CHAT), {"q": "2"}, session="s")
        assert (await ended(host, again.id)).status == "ended"


async def test_workers_know_what_the_others_have_spent(crew: Crew) -> None:
    crew.models.seconds = 0
    app = compiled(CHAT + "budget: {per_day: {tokens: 25}}\n")
    one, two, three = crew.hosts
    codes: list[object] = []
    for host in (one, two, three, one):
        record = await ended(host, (await host.engine.accept(app, {"q": "x"})).id)
        codes.append((record.error or {}).get("code"))
    assert codes == [None, None, "BG750", "BG750"]


async def test_a_key_that_one_server_revokes_is_soon_unknown_to_all(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.access.credentials._FRESH", 0.2)
    key = SecretKey(bytes(32))
    one, two = (Credentials(host.database, key) for host in crew.hosts[:2])
    token, info = await one.issue_key("k")
    assert await two.find(token) is not None
    await one.revoke(info.id)
    await asyncio.sleep(0.3)
    assert await two.find(token) is None


async def test_a_run_that_cannot_be_taken_up_here_keeps_no_other_from_it(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew.models.seconds = 2
    one, two, three = crew.hosts
    bad, good = compiled(CHAT.replace("example", "bad")), compiled(CHAT)
    tried: list[str] = []

    async def recompile(bundle: Bundle, workspace: str) -> CompiledApp:
        tried.append(bundle.digest)
        if bundle.digest == bad.digest:
            raise AppBroken("This home has no such model.")
        return good

    for host in (two, three):
        monkeypatch.setattr(host.engine, "_recompile", recompile)
    runs = [(await one.engine.accept(app, {"q": "x"})).id for app in (*[bad] * 40, good)]
    await asyncio.sleep(0.2)
    await die(one)
    assert (await ended(two, runs[-1])).status == "ended"
    await asyncio.sleep(0.3)
    assert tried.count(bad.digest) <= 80  # once by each of the two that are left


async def test_after_a_restart_all_questions_are_watched(tmp_path: Path, url: str) -> None:
    app = compiled(ASK.replace("WAIT", "2s"))
    async with host_of.bench(tmp_path / "one", url=url) as one:
        runs = [(await one.engine.accept(app, {"q": "x"})).id for _ in range(40)]
        for run in runs:
            await one.engine.wait(run)
    async with host_of.bench(tmp_path / "one", url=url) as again:
        again.engine._recompile = lambda *_: _given(app)  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        await again.engine.start()
        for run in runs:
            assert (await ended(again, run)).outputs == {"a": "bad"}


async def test_a_copy_of_a_home_is_another_worker(tmp_path: Path) -> None:
    with open_home(Settings(home=tmp_path / "a")) as home:
        first = home.identity()
        assert home.identity() == first
    with open_home(Settings(home=tmp_path / "a")) as home:
        assert home.identity() == first
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    with open_home(Settings(home=tmp_path / "b")) as home:
        assert home.identity() != first


async def test_an_idempotency_key_makes_one_run_wherever_it_is_used(crew: Crew) -> None:
    crew.models.seconds = 0.1
    key, origin = Key("k", "h"), Origin()
    asked = [host.engine.take_in(compiled(CHAT), {"q": "x"}, origin, key=key) for host in crew.hosts]
    found = await asyncio.gather(*asked, return_exceptions=True)
    made = [one for one in found if isinstance(one, RunInfo)]
    assert (len(made), [type(one) for one in found if one not in made]) == (1, [StreamLost, StreamLost])
    assert await crew.hosts[1].engine.runs.keyed("main", "k") == ("h", made[0].id)
    assert (await ended(crew.hosts[2], made[0].id)).status == "ended"
    assert len(await crew.hosts[0].engine.runs.list("main")) == 1


async def _given(app: object) -> object:
    return app


async def _types(host: Bench, run: str) -> list[str]:
    return [event.type async for event in host.engine.events(run, parked=True) if isinstance(event, Event)]


async def test_a_worker_that_only_runs_its_own_lives_too(tmp_path: Path, crew: Crew) -> None:
    """A command of another home does not look for work; still nobody takes what it is at work on."""
    crew.models.seconds = 2.5
    async with host_of.bench(tmp_path / "command", models=crew.models, url=crew.url) as command:
        run = (await command.engine.accept(compiled(CHAT), {"q": "x"})).id
        assert (await command.engine.wait(run)).status == "ended"
        assert [kind for kind, _ in await command.events(run)].count("run.resumed") == 0
