"""Apps that run apps: one run, one journal, budgets within budgets, people, failures, crashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from agents.compiler import compile_bundle
from agents.compiler.interface import interface_of
from agents.graph import CompiledApp
from agents.spec import Bundle
from runtime.base.errors import Json
from runtime.orchestration.record import RunRecord

from . import bench as host_of
from .bench import HEAD, NEEDS, RESOURCES, Bench, bench, compiled, double, toolset

pytestmark = pytest.mark.anyio

INNER = (
    HEAD.replace("example", "inner")
    + NEEDS
    + "inputs: {q: string, n: {type: integer, default: 3}}\noutputs: {a: string, m: integer}\n"
    + "state: {seen: {type: integer, default: 0}}\nnodes:\n"
    + "  look: {type: tool, tool: t.read, in: {n: '${inputs.n}'}, returns: 'map<integer>'}\n"
    + "  keep: {type: set, write: {seen: '${look.result.n + 1}'}}\n"
    + "  say: {type: llm, model: main, prompt: '${q}', in: {q: '${inputs.q}'}}\n"
    + "  done: {type: end, in: {a: '${say.text}', m: '${state.seen}'}}\n"
    + "edges: [[keep, say]]\n"
)
OUTER = (
    HEAD
    + "requires: {models: {main: {}}, apps: {sub: {app: inner, digest: DIGEST}}}\n"
    + "inputs: {q: string}\noutputs: {a: string, m: integer}\nnodes:\n"
    + "  rate: {type: subflow, app: sub, in: {q: '${inputs.q}'}}\n"
    + "  after: {type: llm, model: main, prompt: '${x}', in: {x: '${rate.a}'}}\n"
    + "  done: {type: end, in: {a: '${after.text}', m: '${rate.m}'}}\n"
)


def around(text: str, inner: CompiledApp) -> CompiledApp:
    """Compile an app that runs another one under the name `sub`."""
    bundle = Bundle(files={"app.yaml": text.replace("DIGEST", f"'{inner.digest}'").encode()})
    resources = replace(RESOURCES, apps={"sub": interface_of(inner)})
    found = compile_bundle(bundle, resources, {"sub": inner})
    assert found.app is not None, [one.en for one in found.diagnostics]
    return found.app


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, CompiledApp]:
    """Apps by digest that a restarted engine can compile again."""
    apps: dict[str, CompiledApp] = {}

    async def recompile(bundle: Bundle, workspace: str) -> CompiledApp:
        return apps[bundle.digest]

    monkeypatch.setattr(host_of, "recompile", recompile)
    return apps


async def run(host: Bench, app: CompiledApp, **inputs: Json) -> RunRecord:
    info = await host.engine.accept(app, dict(inputs))
    return await host.engine.wait(info.id)


async def test_an_app_runs_another_within_its_own_run(tmp_path: Path) -> None:
    async with bench(tmp_path) as host:
        record = await run(host, around(OUTER, compiled(INNER)), q="hello")
        assert record.outputs == {"a": "You said: You said: hello", "m": 7}
        paths = [path for kind, path in await host.events(record.info.id) if kind == "node.ended"]
        assert paths == ["rate/look", "rate/keep", "rate/say", "rate/done", "rate", "after", "done"]
        assert (record.usage["tokens"], record.usage["tool_calls"]) == (20, 1)
        again = await host.engine.replay(record.info.id)
        assert again.outputs == record.outputs
        assert len(host.models.calls) == 2
        stored = await host.database.bundles.get(compiled(INNER).digest, "main")
        assert stored.app_text == INNER


async def test_what_the_inner_app_wants_is_checked(tmp_path: Path) -> None:
    inner = compiled(INNER)
    resources = replace(RESOURCES, apps={"sub": interface_of(inner)})
    for old, new, code in (
        ("{q: '${inputs.q}'}}", "{}}", "BG213"),
        ("{q: '${inputs.q}'}}", "{q: '${inputs.q}', z: '1'}}", "BG214"),
        ("${rate.m}", "${rate.a}", "BG303"),
        ("${rate.a}", "${rate.zz}", "BG204"),
    ):
        text = OUTER.replace("DIGEST", f"'{inner.digest}'").replace(old, new, 1)
        found = compile_bundle(Bundle(files={"app.yaml": text.encode()}), resources)
        assert code in [one.code for one in found.diagnostics if one.severity == "error"], (new, found.diagnostics)


async def test_the_inner_app_has_its_own_budget_below_the_run_s(tmp_path: Path) -> None:
    async with bench(tmp_path) as host:
        record = await run(host, around(OUTER, compiled(INNER + "budget: {tokens: 5}\n")), q="x")
        details = (record.error or {})["details"]
        assert isinstance(details, dict)
        assert (details["level"], str(details["account"]).endswith("/rate"), host.models.calls) == ("flow", True, [])
        record = await run(host, around(OUTER + "budget: {tokens: 15}\n", compiled(INNER)), q="x")
        details = (record.error or {})["details"]
        assert isinstance(details, dict)
        assert (details["level"], len(host.models.calls)) == ("run", 1)
        record = await run(host, around(OUTER + "budget: {depth: 1}\n", compiled(INNER)), q="x")
        assert record.status == "ended"
        twice = around(OUTER.replace("example", "middle"), compiled(INNER))
        record = await run(host, around(OUTER + "budget: {depth: 1}\n", twice), q="x")
        details = (record.error or {})["details"]
        assert isinstance(details, dict)
        assert (details["kind"], details["wanted"]) == ("depth", 2)
        # An app's own limit of depth counts from where it stands.
        narrow = around(OUTER.replace("example", "middle") + "budget: {depth: 1}\n", compiled(INNER))
        assert (await run(host, around(OUTER, narrow), q="x")).status == "ended"
        record = await run(host, around(OUTER, twice), q="x")
        assert record.outputs is not None
        assert "rate/rate/say" in [path for _, path in await host.events(record.info.id)]


async def test_a_replay_has_the_depth_that_was_granted(tmp_path: Path, known: dict[str, CompiledApp]) -> None:
    twice = around(OUTER.replace("example", "middle"), compiled(INNER))
    app = around(OUTER + "budget: {depth: 1, on_exceed: ask}\n", twice)
    known[app.digest] = app
    async with bench(tmp_path) as host:
        record = await run(host, app, q="x")
        assert [ask["id"] for ask in await host.engine.asks(record.info.id)] == [":run-depth-1"]
        await host.engine.answer(record.info.id, ":run-depth-1", action="allow", form={"more": 1}, by="me")
        record = await host.engine.wait(record.info.id)
        assert record.status == "ended", record.error
        again = await host.engine.replay(record.info.id)
        assert (again.status, again.outputs) == ("ended", record.outputs), again.error


async def test_an_inner_budget_can_be_asked_for(tmp_path: Path, known: dict[str, CompiledApp]) -> None:
    app = around(OUTER, compiled(INNER + "budget: {tokens: 5, on_exceed: ask}\n"))
    known[app.digest] = app
    async with bench(tmp_path) as host:
        record = await run(host, app, q="x")
        (ask,) = await host.engine.asks(record.info.id)
        assert ask["id"] == "rate:flow-tokens-1"
    async with bench(tmp_path) as host:
        await host.engine.answer(record.info.id, "rate:flow-tokens-1", action="allow", form={"more": 5}, by="me")
        assert (await host.engine.wait(record.info.id)).status == "ended"


async def test_a_person_inside_parks_the_run_and_what_is_done_is_not_done_again(
    tmp_path: Path, known: dict[str, CompiledApp]
) -> None:
    calls: list[Json] = []

    async def count(arguments: Mapping[str, Json], key: str | None) -> Json:
        calls.append(dict(arguments))
        return await double(arguments, key)

    human = INNER.replace(
        "  done: {type: end, in: {a: '${say.text}'",
        "  sign: {type: human, actions: [fine], in: {x: '${say.text}'}}\n  done: {type: end, in: {a: '${sign.action}'",
    )
    app = around(OUTER, compiled(human))
    known[app.digest] = app
    async with bench(tmp_path, tools=toolset(read=count)) as host:
        record = await run(host, app, q="x")
        assert record.status == "waiting"
        (ask,) = await host.engine.asks(record.info.id)
        assert ask["path"] == "rate/sign"
    async with bench(tmp_path, tools=toolset(read=count)) as host:
        assert await host.engine.start() == []
        await host.engine.answer(record.info.id, str(ask["id"]), action="fine", form={}, by="me")
        record = await host.engine.wait(record.info.id)
        assert record.outputs == {"a": "You said: fine", "m": 7}
        assert (len(calls), len(host.models.calls)) == (1, 1)
        assert (await host.engine.replay(record.info.id)).outputs == record.outputs


async def test_a_failure_inside_can_be_caught_and_taken_up(tmp_path: Path, known: dict[str, CompiledApp]) -> None:
    app = around(OUTER, compiled(INNER))
    caught = around(
        OUTER.replace("app: sub,", "app: sub, on_error: default, default: {a: none, m: 0},"), compiled(INNER)
    )
    known |= {app.digest: app, caught.digest: caught}
    async with bench(tmp_path) as host:
        host.models.failures = 1
        record = await run(host, caught, q="x")
        assert record.outputs == {"a": "You said: none", "m": 0}
        assert (await host.engine.replay(record.info.id)).outputs == record.outputs
        host.models.failures = 1
        record = await run(host, app, q="x")
        assert record.status == "failed"
        await host.engine.resume(record.info.id)
        record = await host.engine.wait(record.info.id)
        assert record.outputs == {"a": "You said: You said: x", "m": 7}
        assert record.usage["tool_calls"] == 1


async def test_an_inner_app_with_a_wrong_input_fails_with_its_name(tmp_path: Path) -> None:
    inner = compiled(INNER.replace("q: string, ", "q: string, k: {type: integer, default: 1}, "))
    async with bench(tmp_path) as host:
        record = await run(host, around(OUTER, inner), q="x")
        assert record.status == "ended"


async def test_what_an_app_does_with_tools_counts_where_it_is_run() -> None:
    acts = (
        HEAD.replace("example", "inner")
        + NEEDS
        + "inputs: {n: integer}\noutputs: {m: integer}\nnodes:\n"
        + "  do: {type: tool, tool: t.act, in: {n: '${inputs.n}'}, returns: 'map<integer>'}\n"
        + "  done: {type: end, in: {m: '${do.result.n}'}}\n"
    )
    outer = (
        HEAD
        + NEEDS.replace("tools:", "apps: {sub: {app: inner, digest: DIGEST}}, tools:")
        + "outputs: {m: integer}\nnodes:\n"
        + "  hear: {type: tool, tool: t.gossip, in: {n: 1}, returns: 'map<integer>'}\n"
        + "  rate: {type: subflow, app: sub, in: {n: '${hear.result.n}'}}\n"
        + "  done: {type: end, in: {m: '${rate.m}'}}\n"
    )
    inner = compiled(acts)
    info = interface_of(inner)
    assert (sorted(info.tools), info.approved) == (["t.act"], frozenset())
    text = outer.replace("DIGEST", f"'{inner.digest}'").encode()
    found = compile_bundle(Bundle(files={"app.yaml": text}), replace(RESOURCES, apps={"sub": info}), {"sub": inner})
    assert [(one.code, one.node) for one in found.diagnostics if one.severity == "error"] == [("BG501", "rate")]
    asking = compiled(acts.replace("in: {n: '${inputs.n}'}", "approve: effects, in: {n: '${inputs.n}'}"))
    around(outer, asking)


async def test_an_app_with_lasting_state_cannot_be_run_by_another() -> None:
    lasting = compiled(INNER.replace("{type: integer, default: 0}", "{type: integer, default: 0, scope: user}"))
    assert "seen" in interface_of(lasting).problem


async def test_a_tool_counts_as_approved_only_where_every_call_of_it_is() -> None:
    """The order of two nodes that call one tool must not decide what the app around it is told."""
    node = "{type: tool, tool: t.act, RULE in: {n: '${inputs.n}'}, returns: 'map<integer>'}\n"
    for first, second in (("approve: effects,", ""), ("", "approve: effects,")):
        inner = compiled(
            HEAD
            + NEEDS
            + "inputs: {n: integer}\noutputs: {m: integer}\nnodes:\n"
            + f"  one: {node.replace('RULE', first)}  two: {node.replace('RULE', second)}"
            + "  done: {type: end, in: {m: '${one.result.n + two.result.n}'}}\n"
        )
        assert interface_of(inner).approved == frozenset()
