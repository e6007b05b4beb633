"""Budgets while apps run: what is refused, degraded, asked for; by run, node, app, user and day; over crashes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agents.context import ModelReply, ModelRequest, ToolCall
from agents.graph import CompiledApp
from agents.spec.document import ModelNeed
from runtime.base.errors import Json
from runtime.models.errors import ModelInterrupted
from runtime.models.ports import ModelAnswer, Offer
from runtime.orchestration.errors import NotTheirs
from runtime.orchestration.record import RunRecord

from .bench import HEAD, NEEDS, Answers, Bench, bench, compiled

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class Parrot(Answers):
    """A model that asks for the same tool for ever; each turn takes all that was set aside for it."""

    tokens: float = 10.0
    usd: float = 0.001

    def reply(self, request: ModelRequest) -> ModelReply:
        usage: dict[str, Json] = {"tokens": self.tokens, "usd": self.usd}
        calls = (ToolCall(id=f"c{len(self.calls)}", name="t.read", arguments={"n": len(self.calls)}),)
        return ModelReply(text="again", calls=calls, usage=usage)

    def offers(self, request: ModelRequest, need: ModelNeed) -> list[Offer]:
        return [Offer("scripted/echo", {"tokens": 10.0, "usd": 0.001})]


FOREVER = (
    HEAD
    + NEEDS
    + "outputs: {n: integer}\nnodes:\n  again:\n    type: loop\n    max: 1000\n    body:\n      nodes:\n"
    + "        think: {type: agent, strategy: react, model: main, tools: [t.read], max_steps: 50, in: {goal: go}}\n"
    + "      out: {n: '${round}'}\n"
    + "  done: {type: end, in: {n: '${again.n}'}}\nbudget: BUDGET\n"
)
ASKING = (
    HEAD
    + NEEDS
    + "inputs: {q: string}\noutputs: {a: string}\nnodes:\n"
    + "  first: {type: llm, model: main, prompt: one, in: {}}\n"
    + "  second: {type: llm, model: main, prompt: '${x}', in: {x: '${first.text}'}}\n"
    + "  done: {type: end, in: {a: '${second.text}'}}\nbudget: BUDGET\n"
)


def app_of(text: str, budget: str) -> CompiledApp:
    return compiled(text.replace("BUDGET", budget))


async def run(
    host: Bench,
    app: CompiledApp,
    inputs: dict[str, Json] | None = None,
    *,
    principal: str = "local",
    workspace: str = "main",
) -> RunRecord:
    info = await host.engine.accept(app, inputs or {}, principal=principal, workspace=workspace)
    return await host.engine.wait(info.id, info.workspace)


def code(record: RunRecord) -> str:
    return str((record.error or {}).get("code"))


def details(record: RunRecord) -> dict[str, Json]:
    found = (record.error or {}).get("details")
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("budget", "kind", "size"),
    [("{tokens: 95}", "tokens", 10), ("{usd: 0.0125}", "usd", 0.001), ("{tool_calls: 7}", "tool_calls", 1),
     ("{turns: 9}", "turns", 1)],
)  # fmt: skip
@pytest.mark.parametrize("greedy", [1.0, 7.5])
async def test_a_model_that_repeats_itself_for_ever_is_stopped(
    tmp_path: Path, budget: str, kind: str, size: float, greedy: float
) -> None:
    """It stops in time, whatever the limit; a model that takes more than it said passes it by one call at most."""
    async with bench(tmp_path, models=Parrot(tokens=10 * greedy, usd=0.001 * greedy)) as host:
        app = app_of(FOREVER, budget)
        record = await run(host, app)
        assert (record.status, code(record), details(record)["kind"]) == ("failed", "BG750", kind)
        limit = float(str(details(record)["limit"]))
        spent = float(str(record.usage[kind]))
        taken = size * greedy if kind in ("tokens", "usd") else size
        assert limit - max(taken, size) < spent < limit + taken
        types = [type_ for type_, _ in await host.events(record.info.id)]
        assert types.count("budget.exceeded") == 1
        assert types.count("budget.reserved") == types.count("budget.settled") > 0


async def test_a_replay_of_a_run_that_was_stopped_is_stopped_at_the_same_place(tmp_path: Path) -> None:
    for number, budget in enumerate(("{tokens: 95}", "{turns: 9}", "{tool_calls: 7}")):
        async with bench(tmp_path / str(number), models=Parrot()) as host:
            record = await run(host, app_of(FOREVER, budget))
            asked = len(host.models.calls)
            again = await host.engine.replay(record.info.id)
            assert (again.status, code(again)) == ("failed", "BG750")
            assert len(host.models.calls) == asked


async def test_a_retry_does_not_help_against_a_budget(tmp_path: Path) -> None:
    text = ASKING.replace("prompt: one,", "prompt: one, retry: {max: 5, backoff: 1ms},")
    async with bench(tmp_path) as host:
        record = await run(host, app_of(text, "{tokens: 5}"), {"q": "x"})
        assert (code(record), host.models.calls) == ("BG750", [])
        assert "node.retried" not in [kind for kind, _ in await host.events(record.info.id)]


@dataclass(slots=True)
class Three(Answers):
    """Three deployments: a dear one, a cheap one, one that costs nothing."""

    asked: list[list[str]] = field(default_factory=list[list[str]])

    async def answer(self, request: ModelRequest, only: Collection[str] | None) -> ModelAnswer:
        self.asked.append([*(only or ())])
        chosen = self.asked[-1][0]
        usage: dict[str, Json] = {
            "seconds": 0.0,
            "tool_calls": 0,
            "tokens": 10,
            "usd": {"dear": 0.5, "cheap": 0.1, "free": 0.0}[chosen],
        }
        return ModelAnswer(reply=ModelReply(text=chosen, usage=usage), deployment=chosen)

    def offers(self, request: ModelRequest, need: ModelNeed) -> list[Offer]:
        prices = {"dear": 0.5, "cheap": 0.1, "free": 0.0}
        return [Offer(name, {"tokens": 10.0, "usd": price}) for name, price in prices.items()]


@pytest.mark.parametrize(
    ("usd", "first", "second"),
    [(2, ["dear", "cheap", "free"], ["dear", "cheap", "free"]), (0.7, ["dear", "cheap", "free"], ["cheap", "free"]),
     (0.12, ["cheap", "free"], ["free"])],
)  # fmt: skip
async def test_a_budget_that_degrades_goes_on_with_the_models_that_fit(
    tmp_path: Path, usd: float, first: list[str], second: list[str]
) -> None:
    models = Three()
    async with bench(tmp_path, models=models) as host:
        record = await run(host, app_of(ASKING, f"{{usd: {usd}, on_exceed: degrade}}"), {"q": "x"})
        assert record.status == "ended", record.error
        assert models.asked == [first, second]
        assert float(str(record.usage["usd"])) <= usd
        again = await host.engine.replay(record.info.id)
        assert (again.outputs, len(models.asked)) == (record.outputs, 2)


async def test_nothing_is_asked_of_a_model_that_does_not_fit(tmp_path: Path) -> None:
    models = Three()
    async with bench(tmp_path, models=models) as host:
        record = await run(host, app_of(ASKING, "{usd: 0.05}"), {"q": "x"})
        assert (code(record), models.asked) == ("BG750", [])
        record = await run(host, app_of(ASKING, "{tokens: 5, on_exceed: degrade}"), {"q": "x"})
        assert (code(record), models.asked) == ("BG750", [])


async def test_a_budget_that_asks_goes_on_when_more_is_allowed(tmp_path: Path) -> None:
    app = app_of(ASKING, "{tokens: 15, on_exceed: ask}")
    async with bench(tmp_path) as host:
        record = await run(host, app, {"q": "x"})
        assert record.status == "waiting"
        (ask,) = await host.engine.asks(record.info.id)
        assert (ask["id"], ask["kind"]) == (":run-tokens-1", "budget")
        assert len(host.models.calls) == 1
        with pytest.raises(NotTheirs):
            await host.engine.answer(
                record.info.id, ":run-tokens-1", action="allow", form={}, by="somebody", roles=("key",)
            )
        await host.engine.answer(record.info.id, ":run-tokens-1", action="allow", form={"more": 5}, by="me")
        record = await host.engine.wait(record.info.id)
        assert (record.status, record.usage["tokens"]) == ("ended", 20)
        again = await host.engine.replay(record.info.id)
        assert (again.status, again.outputs) == ("ended", record.outputs)


async def test_more_is_granted_for_the_day_on_which_it_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.orchestration.launcher.today", lambda: "2026-01-01")
    text = ASKING.replace("  second:", "  pause: {type: human, actions: [go], in: {x: '${first.text}'}}\n  second:")
    app = app_of(text + "edges: [[pause.go, second]]\n", "{per_day: {tokens: 5}, on_exceed: ask}")
    async with bench(tmp_path) as host:
        run_ = (await run(host, app, {"q": "x"})).info.id
        assert [ask["id"] for ask in await host.engine.asks(run_)] == [":app-tokens-2026-01-01-1"]
        await host.engine.answer(run_, ":app-tokens-2026-01-01-1", action="allow", form={"more": 100}, by="me")
        await host.engine.wait(run_)
        monkeypatch.setattr("runtime.orchestration.launcher.today", lambda: "2026-01-02")
        [pause] = await host.engine.asks(run_)
        await host.engine.answer(run_, str(pause["id"]), action="go", form={}, by="me")
        await host.engine.wait(run_)
        assert [ask["id"] for ask in await host.engine.asks(run_)] == [":app-tokens-2026-01-02-1"]


async def test_a_budget_that_asks_stops_when_no_more_is_allowed_and_asks_again_when_taken_up(tmp_path: Path) -> None:
    async with bench(tmp_path) as host:
        app = app_of(ASKING, "{tokens: 15, on_exceed: ask}")
        record = await run(host, app, {"q": "x"})
        run_ = record.info.id
        await host.engine.answer(run_, ":run-tokens-1", action="stop", form={}, by="me")
        record = await host.engine.wait(run_)
        assert (record.status, code(record)) == ("failed", "BG750")
        await host.engine.resume(run_)
        record = await host.engine.wait(run_)
        assert record.status == "waiting"
        (ask,) = await host.engine.asks(run_)
        assert ask["id"] == ":run-tokens-2"
        await host.engine.answer(run_, ":run-tokens-2", action="allow", form={}, by="me")
        assert (await host.engine.wait(run_)).status == "ended"


async def test_all_that_hit_one_limit_ask_one_question(tmp_path: Path) -> None:
    text = (
        HEAD + NEEDS + "outputs: {n: integer}\nnodes:\n  each:\n    type: map\n    as: item\n"
        "    over: '[1, 2, 3, 4]'\n    parallel: 4\n    body:\n      nodes:\n"
        "        call: {type: llm, model: main, prompt: '${x}', in: {x: a}}\n      out: {t: '${call.text}'}\n"
        "  done: {type: end, in: {n: '${size(each.items)}'}}\nbudget: {tokens: 20, on_exceed: ask}\n"
    )
    async with bench(tmp_path) as host:
        record = await run(host, compiled(text))
        assert record.status == "waiting"
        assert [ask["id"] for ask in await host.engine.asks(record.info.id)] == [":run-tokens-1"]
        await host.engine.answer(record.info.id, ":run-tokens-1", action="allow", form={}, by="me")
        record = await host.engine.wait(record.info.id)
        assert (record.status, record.outputs, len(host.models.calls)) == ("ended", {"n": 4}, 4)


async def test_seconds_that_are_over_can_be_asked_for(tmp_path: Path) -> None:
    class Slow(Answers):
        async def answer(self, request: ModelRequest, only: Collection[str] | None) -> ModelAnswer:
            await asyncio.sleep(0.3)
            return await super().answer(request, only)

    async with bench(tmp_path, models=Slow()) as host:
        record = await run(host, app_of(ASKING, "{seconds: 0.4, on_exceed: ask}"), {"q": "x"})
        assert record.status == "waiting"
        await host.engine.answer(record.info.id, ":run-seconds-1", action="allow", form={"more": 60}, by="me")
        assert (await host.engine.wait(record.info.id)).status == "ended"
    async with bench(tmp_path / "node", models=Slow()) as host:
        text = ASKING.replace("prompt: one,", "prompt: one, budget: {seconds: 0.1, on_exceed: NODE},")
        record = await run(host, compiled(text.replace("NODE", "stop").replace("budget: BUDGET\n", "")), {"q": "x"})
        assert (record.status, code(record)) == ("failed", "BG750")
        assert details(record)["level"] == "node"
        again = await host.engine.replay(record.info.id)
        assert code(again) == "BG750"
        record = await run(host, compiled(text.replace("NODE", "ask").replace("budget: BUDGET\n", "")), {"q": "x"})
        assert record.status == "waiting"
        await host.engine.answer(record.info.id, "first:node-seconds-1", action="allow", form={"more": 60}, by="me")
        assert (await host.engine.wait(record.info.id)).status == "ended"


async def test_the_runs_of_a_day_share_what_the_app_may_spend(tmp_path: Path) -> None:
    app = app_of(ASKING, "{per_day: {tokens: 45}, per_user: {tokens: 25}}")
    async with bench(tmp_path) as host:
        assert (await run(host, app, {"q": "x"}, principal="ann")).status == "ended"
        refused = await run(host, app, {"q": "x"}, principal="ann")
        assert (details(refused)["level"], refused.usage["tokens"]) == ("user", 0)
        assert (await run(host, app, {"q": "x"}, principal="bob")).status == "ended"
        refused = await run(host, app, {"q": "x"}, principal="eve")
        assert details(refused)["level"] == "app"
        other = app_of(ASKING.replace("id: example", "id: other"), "{per_day: {tokens: 45}}")
        assert (await run(host, other, {"q": "x"}, principal="eve")).status == "ended"
    async with bench(tmp_path) as host:
        refused = await run(host, app, {"q": "x"}, principal="eve")
        assert details(refused)["level"] == "app"
        spent = await host.engine.spending.usage("main", since="2000-01-01", by="user")
        assert [(row["user"], row["tokens"]) for row in spent] == [("ann", 20), ("bob", 20), ("eve", 20)]
        assert [row["app"] for row in await host.engine.spending.usage("main", since="2000-01-01", by="app")] == [
            "example",
            "other",
        ]


async def test_the_workspace_has_a_budget_of_the_day(tmp_path: Path) -> None:
    app = app_of(ASKING, "{}")
    async with bench(tmp_path, day={"usd": 0.0025}) as host:
        assert (await run(host, app, {"q": "x"})).status == "ended"
        refused = await run(host, app, {"q": "x"})
        assert (details(refused)["level"], details(refused)["kind"]) == ("workspace", "usd")
        assert "BAIGONG_DAY_USD" in str((refused.error or {})["fix"])
        assert (await run(host, app, {"q": "x"}, workspace="other")).status == "ended"


class Breaks(Answers):
    """A model whose answer breaks off after it has been paid for."""

    async def answer(self, request: ModelRequest, only: Collection[str] | None) -> ModelAnswer:
        error = ModelInterrupted("The answer broke off.")
        error.usage = {"tokens": 9, "usd": 0.001}
        raise error


async def test_what_a_failed_call_has_used_counts_even_after_a_restart(tmp_path: Path) -> None:
    text = ASKING.replace("prompt: one,", "prompt: one, retry: {max: 9, backoff: 1ms},")
    app = app_of(text, "{tokens: 45}")
    async with bench(tmp_path, models=Breaks()) as host:
        record = await run(host, app, {"q": "x"})
        assert (code(record), len(host.models.calls), record.usage["tokens"]) == ("BG750", 4, 36)
    async with bench(tmp_path, models=Breaks()) as host:
        await host.engine.resume(record.info.id)
        record = await host.engine.wait(record.info.id)
        assert (code(record), host.models.calls, record.usage["tokens"]) == ("BG750", [], 36)


async def test_the_money_of_a_call_that_was_cut_off_counts_as_spent(tmp_path: Path) -> None:
    class Hangs(Answers):
        async def answer(self, request: ModelRequest, only: Collection[str] | None) -> ModelAnswer:
            await asyncio.sleep(60)
            raise AssertionError

    app = app_of(ASKING, "{usd: 0.01}")
    async with bench(tmp_path, models=Hangs()) as host:
        info = await host.engine.accept(app, {"q": "x"})
        async for event in host.engine.events(info.id):
            if getattr(event, "type", "") == "model.called":
                break
    async with bench(tmp_path) as host:
        assert await host.engine.start() == [info.id]
        record = await host.engine.wait(info.id)
        assert (record.status, record.usage["usd"], record.usage["tokens"]) == ("ended", 0.003, 20)
        found = [event.data for event in await host.engine.history(info.id) if event.type == "budget.settled"]
        assert [data.get("lost") for data in found] == [True, None, None]
        spent = await host.engine.spending.usage("main", since="2000-01-01", by="day")
        assert (spent[0]["usd"], spent[0]["tokens"]) == (0.003, 20)


async def test_a_call_that_the_budget_refuses_leaves_no_effect_in_doubt(tmp_path: Path) -> None:
    text = (
        HEAD + NEEDS + "outputs: {n: integer}\nnodes:\n  each:\n    type: map\n    as: item\n    over: '[1, 2]'\n"
        "    parallel: 1\n    body:\n      nodes:\n"
        "        call: {type: tool, tool: t.once, in: {n: '${item}'}, returns: 'map<integer>', approve: never}\n"
        "      out: {n: '${call.result.n}'}\n  done: {type: end, in: {n: '${size(each.items)}'}}\n"
        "budget: {tool_calls: 1, on_exceed: ask}\n"
    )
    async with bench(tmp_path) as host:
        record = await run(host, compiled(text))
        assert record.status == "waiting"
        assert [row["state"] for row in await host.engine.effects(record.info.id)] == ["done"]
        await host.engine.answer(record.info.id, ":run-tool_calls-1", action="allow", form={"more": 1}, by="me")
        record = await host.engine.wait(record.info.id)
        assert (record.status, record.usage["tool_calls"]) == ("ended", 2)
        assert [row["state"] for row in await host.engine.effects(record.info.id)] == ["done", "done"]
