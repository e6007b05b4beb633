"""The engine by itself, in one process, against the same graphs written by hand in LangGraph on the same saver.

Run: python -m benchmarks.engine [--runs 10000]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import operator
import resource
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Annotated, Any, TypedDict, cast

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from agents.compiler import compile_bundle
from agents.compiler.assembly import compile_document
from agents.graph import CompiledApp
from agents.spec import Bundle, Resources, parse_yaml, read_document
from runtime.base.errors import Json
from runtime.base.settings import Settings
from runtime.orchestration.engine import Engine
from runtime.orchestration.files import StoredFiles
from runtime.orchestration.host import Host
from runtime.orchestration.saver import GroupSaver
from runtime.storage import Database, open_home
from tools.memory import MemoryToolset

HEAD = "dsl: 1\napp: {id: bench, name: Bench, version: 0.1.0}\n"
ROUNDS = 7


def chain(length: int) -> str:
    """Return an app of nodes that hand a text on."""
    nodes = ["  n0: {type: transform, out: {v: '${inputs.text}'}}"]
    nodes += [f"  n{at}: {{type: transform, out: {{v: '${{n{at - 1}.v}}'}}}}" for at in range(1, length)]
    return (
        HEAD
        + "inputs: {text: string}\noutputs: {text: string}\nnodes:\n"
        + "\n".join(nodes)
        + f"\n  done: {{type: end, in: {{text: '${{n{length - 1}.v}}'}}}}\n"
    )


MAP = (
    HEAD + "inputs: {rows: list<integer>}\noutputs: {rows: list<integer>}\nnodes:\n"
    "  each: {type: map, over: inputs.rows, parallel: 100, body: {nodes: {add: {type: transform, "
    "out: {v: '${row + 1}'}}}, out: {v: '${add.v}'}}}\n"
    "  done: {type: end, in: {rows: '${each.items.map(x, x.v)}'}}\n"
)


class Texts(TypedDict):
    """What the nodes of the chain pass on."""

    text: str


class Rows(TypedDict):
    """What the nodes of the map pass on."""

    rows: list[int]
    done: Annotated[list[int], operator.add]


def compiled(text: str) -> CompiledApp:
    """Compile an app."""
    app = compile_bundle(Bundle(files={"app.yaml": text.encode()})).app
    if app is None:
        raise RuntimeError("the app has errors")
    return app


def bare_chain(saver: GroupSaver, length: int) -> Any:  # noqa: ANN401 as LangGraph's
    """Return the chain written by hand."""

    async def hand_on(state: Texts) -> Texts:
        return {"text": state["text"]}

    graph = StateGraph(Texts)
    before = START
    for number in range(length):
        graph.add_node(f"n{number}", hand_on)
        graph.add_edge(before, f"n{number}")
        before = f"n{number}"
    graph.add_edge(before, END)
    return graph.compile(checkpointer=saver)


def bare_map(saver: GroupSaver) -> Any:  # noqa: ANN401 as LangGraph's
    """Return the map written by hand, with Send."""

    async def add(state: dict[str, int]) -> dict[str, list[int]]:
        return {"done": [state["row"] + 1]}

    graph = StateGraph(Rows)
    graph.add_node("add", cast("Any", add))
    graph.add_conditional_edges(START, lambda state: [Send("add", {"row": row}) for row in state["rows"]], ["add"])
    graph.add_edge("add", END)
    return graph.compile(checkpointer=saver)


async def seconds(work: Callable[[], Awaitable[object]], times: int) -> float:
    """Return the seconds of one of some repetitions."""
    began = time.perf_counter()
    for _ in range(times):
        await work()
    return (time.perf_counter() - began) / times


async def ratio(ours: Callable[[], Awaitable[object]], theirs: Callable[[], Awaitable[object]], times: int) -> Json:
    """Return medians of alternating rounds in milliseconds, and their ratio."""
    pairs: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        pairs.append((await seconds(ours, times), await seconds(theirs, times)))
    one, two = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    return {"ours_ms": round(one * 1000, 3), "bare_ms": round(two * 1000, 3), "ratio": round(one / two, 2)}


def memory() -> float:
    """Return resident MiB now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[tuple[Database, Engine]]:
    """Open an engine over a home folder."""
    with open_home(Settings(home=folder)) as home:
        database = await Database.open(home)
        host = Host(
            models=cast("Any", None), tools=MemoryToolset({}), retriever=cast("Any", None),
            files=StoredFiles(database.artifacts),
        )  # fmt: skip

        async def recompile(bundle: Bundle, workspace: str) -> CompiledApp:
            return compiled(bundle.app_text)

        engine = Engine(database, host, recompile)
        try:
            yield database, engine
        finally:
            await engine.close()
            await database.close()


async def measure(folder: Path, runs: int) -> dict[str, Json]:
    """Measure all."""
    async with opened(folder / "home") as (database, engine):
        found = await _figures(database, engine, runs)
    found["disk_of_100_kb_through_50_nodes_kb"] = await _disk(folder / "disk")
    return found


async def _figures(database: Database, engine: Engine, runs: int) -> dict[str, Json]:
    saver = GroupSaver(database.writer, database.reader)
    number = 0

    def ours(app: CompiledApp, inputs: dict[str, Json]) -> Callable[[], Awaitable[object]]:
        async def work() -> object:
            record = await engine.wait((await engine.accept(app, inputs)).id)
            if record.status != "ended":
                raise RuntimeError(str(record.error))
            return record

        return work

    def theirs(graph: Any, state: dict[str, Any]) -> Callable[[], Awaitable[object]]:  # noqa: ANN401 as LangGraph's
        async def work() -> object:
            nonlocal number
            number += 1
            config = {"configurable": {"thread_id": f"bare{number}"}, "recursion_limit": 10_000}
            return await graph.ainvoke(state, config, durability="sync")

        return work

    ten = compiled(chain(10))
    found: dict[str, Json] = {}
    found["chain_of_10"] = await ratio(ours(ten, {"text": "ping"}), theirs(bare_chain(saver, 10), {"text": "ping"}), 40)
    rows = list(range(1000))
    found["map_of_1000"] = await ratio(
        ours(compiled(MAP), {"rows": cast("Json", rows)}), theirs(bare_map(saver), {"rows": rows, "done": []}), 1
    )
    hundred = await engine.accept(compiled(chain(100)), {"text": "ping"})
    await engine.wait(hundred.id)
    replays = [await seconds(lambda: engine.replay(hundred.id), 1) for _ in range(ROUNDS)]
    found["replay_of_100_nodes_ms"] = round(median(replays) * 1000, 1)
    found["compile_of_300_nodes_ms"] = _compile(300)
    found["memory"] = await _flat(ours(ten, {"text": "ping"}), runs)
    return found


def _compile(nodes: int) -> float:
    bundle = Bundle(files={"app.yaml": chain(nodes).encode()})
    parsed = parse_yaml(bundle.app_text)
    document, _ = read_document(parsed.data, parsed.positions)
    if document is None:
        raise RuntimeError("the app has errors")
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        compile_document(bundle, document, Resources())
        times.append(time.perf_counter() - began)
    return round(median(times) * 1000, 1)


async def _disk(folder: Path) -> float:
    app, sizes = compiled(chain(50)), list[int]()
    for text in ("x", "x", "x" * 100_000):
        async with opened(folder) as (_, engine):
            await engine.wait((await engine.accept(app, {"text": text})).id)
        sizes.append(_size(folder))
    return round((sizes[2] - sizes[1]) / 1000, 1)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


async def _flat(work: Callable[[], Awaitable[object]], runs: int) -> Json:
    first = min(1000, runs // 2)
    for _ in range(first):
        await work()
    before = memory()
    for _ in range(runs - first):
        await work()
    after = memory()
    return {
        "runs": runs, "mib_after_first": round(before, 1), "mib_at_end": round(after, 1),
        "growth": round(after / before - 1, 4),
    }  # fmt: skip


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(Path(folder), given.runs)), indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
