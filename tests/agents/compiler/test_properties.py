"""Random graphs: a well-typed one compiles and runs, one with a mistake is refused at the right node, none throws."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.compiler import compile_bundle
from agents.spec import Bundle, dump_app
from runtime.base.errors import Json
from tests.runtime.orchestration.bench import RESOURCES, bench

TYPES = ("integer", "string", "boolean")
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(slots=True)
class Made:
    """A graph under construction: its nodes, and what may be read of them without being absent."""

    nodes: dict[str, Any] = field(default_factory=dict[str, Any])
    edges: list[list[str]] = field(default_factory=list[list[str]])
    readable: dict[str, list[str]] = field(
        default_factory=lambda: {"integer": ["inputs.n"], "string": ["inputs.s"], "boolean": []}
    )


def value(draw: st.DrawFn, made: Made, kind: str) -> str:
    """Return an expression of a type over what is readable."""
    known = made.readable[kind]
    if kind == "integer":
        one = draw(st.sampled_from(known))
        return draw(st.sampled_from([f"${{{one}}}", f"${{{one} + 1}}", f"${{{one} * 2 - 3}}"]))
    if kind == "string":
        one = draw(st.sampled_from(known))
        return draw(st.sampled_from([f"${{{one}}}", f"<${{{one}}}>", "${" + one + " + '!'}"]))
    one = draw(st.sampled_from(made.readable["integer"]))
    return f"${{{one} > 7}}"


def grow(draw: st.DrawFn, made: Made, prefix: str, depth: int) -> None:
    """Add some nodes, each reading what was there before it."""
    for at in range(draw(st.integers(1, 4))):
        name = f"{prefix}{at}"
        shape = draw(
            st.sampled_from(["transform", "transform", "tool", "branch", "map", "loop", "try"][: 7 if depth else 4])
        )
        if shape == "transform":
            kind = draw(st.sampled_from(TYPES))
            made.nodes[name] = {"type": "transform", "out": {"v": value(draw, made, kind)}}
            made.readable[kind].append(f"{name}.v")
        elif shape == "tool":
            made.nodes[name] = {
                "type": "tool", "tool": "t.read", "returns": "map<integer>", "in": {"n": value(draw, made, "integer")},
            }  # fmt: skip
            made.readable["integer"].append(f"{name}.result.n")
        elif shape == "branch":
            split(draw, made, name)
        else:
            contain(draw, made, name, shape, depth)


def split(draw: st.DrawFn, made: Made, name: str) -> None:
    """Add a branch, a node on each of its ways, and one that reads both optionally."""
    condition = draw(st.sampled_from(made.readable["integer"]))
    made.nodes[name] = {"type": "branch", "cases": {"yes_": f"{condition} > 3"}}
    for way, handle in (("a", "yes_"), ("b", "else")):
        made.nodes[f"{name}{way}"] = {"type": "transform", "out": {"v": value(draw, made, "integer")}}
        made.edges.append([f"{name}.{handle}", f"{name}{way}"])
    both = f"${{{name}a.?v.orValue(0) + {name}b.?v.orValue(0)}}"
    made.nodes[f"{name}c"] = {"type": "transform", "out": {"v": both}}
    made.readable["integer"].append(f"{name}c.v")


def contain(draw: st.DrawFn, made: Made, name: str, shape: str, depth: int) -> None:
    """Add a container with a graph of its own."""
    inner = Made(readable={kind: [*known] for kind, known in made.readable.items()})
    if shape == "map":
        inner.readable["integer"].append(f"row_{name}")
    if shape == "loop":
        inner.readable["integer"].append("prev.total")
    grow(draw, inner, f"{name}_", depth - 1)
    body = {"nodes": inner.nodes, "edges": inner.edges, "out": {"total": value(draw, inner, "integer")}}
    keys: dict[str, Any] = {
        "map": {"over": "[1, 2]", "as": f"row_{name}"},
        "loop": {"max": 2, "init": {"total": value(draw, made, "integer")}},
        "try": {},
    }[shape]
    made.nodes[name] = {"type": shape, **keys, "body": body}
    if shape == "map":
        made.readable["integer"].append(f"{name}.items[1].total")
    elif shape == "loop":
        made.readable["integer"] += [f"{name}.total", f"{name}.rounds"]
    else:
        both = f"${{{name}.?total.orValue(-1)}}"
        made.nodes[f"{name}c"] = {"type": "transform", "out": {"v": both}}
        made.readable["integer"].append(f"{name}c.v")


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """Return the document of a well-typed app."""
    made = Made()
    grow(draw, made, "n", 2)
    made.nodes["done"] = {
        "type": "end", "in": {"number": value(draw, made, "integer"), "text": value(draw, made, "string")},
    }  # fmt: skip
    return {
        "dsl": 1,
        "app": {"id": "random", "name": "Random", "version": "0.1.0"},
        "inputs": {"n": "integer", "s": "string"},
        "outputs": {"number": "integer", "text": "string"},
        "requires": {"tools": {"t": {"server": "s", "allow": ["read"]}}},
        "nodes": made.nodes,
        **({"edges": made.edges} if made.edges else {}),
    }


def as_bundle(document: dict[str, Any]) -> Bundle:
    return Bundle(files={"app.yaml": dump_app(document).encode()})


@given(graphs(), st.integers(-3, 9))
@SLOW
def test_a_well_typed_graph_compiles_and_runs(document: dict[str, Any], n: int) -> None:
    found = compile_bundle(as_bundle(document), RESOURCES)
    assert found.app is not None, [(one.code, one.path, one.en) for one in found.diagnostics if one.severity == "error"]
    app = found.app

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with bench(Path(folder)) as on:
                inputs: dict[str, Json] = {"n": n, "s": "x"}
                record = await on.engine.wait((await on.engine.accept(app, inputs)).id)
                assert record.status == "ended", record.error
                replayed = await on.engine.replay(record.info.id)
                assert replayed.outputs == record.outputs, replayed.error

    asyncio.run(run())


def places(nodes: dict[str, Any], path: str = "", prefix: str = "") -> list[tuple[str, str, dict[str, Any]]]:
    """Return (node path, JSON Pointer, spec) of every node at any depth."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    for name, spec in nodes.items():
        here = f"{path}/nodes/{name}"
        found.append((f"{prefix}{name}", here, spec))
        if "body" in spec:
            found += places(spec["body"]["nodes"], f"{here}/body", f"{prefix}{name}.")
    return found


@given(graphs(), st.data())
@SLOW
def test_a_mistake_is_refused_at_its_node(document: dict[str, Any], data: st.DataObject) -> None:
    path, pointer, spec = data.draw(st.sampled_from(places(document["nodes"])))
    mistake = data.draw(st.sampled_from(["type", "reference", "text for a number", "edge"]))
    if mistake == "type":
        spec["type"] = "transfrom"
        codes = {"BG201"}
    elif mistake == "reference":
        target = spec.setdefault("in", {}) if spec["type"] in ("tool", "end") else None
        if target is None:
            spec.clear()
            spec.update({"type": "transform", "out": {"v": "${nowhere.at}"}})
        else:
            target[next(iter(target), "n")] = "${nowhere.at}"
        codes = {"BG312"}
    elif mistake == "text for a number":
        spec.clear()
        spec.update({"type": "tool", "tool": "t.read", "in": {"n": "many"}})
        codes = {"BG303"}
    else:
        home = pointer.rpartition("/nodes/")[0]
        holder: Any = document
        for key in home.split("/")[1:]:
            holder = holder[key]
        holder["edges"] = [*holder.get("edges", []), [path.rpartition(".")[2], "nowhere"]]
        codes = {"BG203"}
    found = compile_bundle(as_bundle(document), RESOURCES)
    assert found.app is None
    errors = [(one.code, one.node, one.path) for one in found.diagnostics if one.severity == "error"]
    assert any(code in codes and (node == path or mistake == "edge") for code, node, _ in errors), errors


@given(graphs(), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_graph_is_answered_not_thrown_at(document: dict[str, Any], data: st.DataObject) -> None:
    text = dump_app(document)
    at = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(1, 40))
    found = compile_bundle(Bundle(files={"app.yaml": (text[:at] + text[at + length :]).encode()}), RESOURCES)
    assert (found.app is None) == any(one.severity == "error" for one in found.diagnostics)


def test_the_strategy_makes_all_shapes() -> None:
    seen: set[str] = set()

    @given(graphs())
    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    def collect(document: dict[str, Any]) -> None:
        seen.update(spec["type"] for _, _, spec in places(document["nodes"]))

    collect()
    assert seen >= {"transform", "tool", "branch", "map", "loop", "try", "end"}


pytestmark = pytest.mark.filterwarnings("default")
