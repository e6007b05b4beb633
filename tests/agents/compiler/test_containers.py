"""Containers through the compiler: names, types, paths, labels and resources inside bodies."""

from __future__ import annotations

import pytest

from agents.compiler import Compilation, compile_bundle
from runtime.base.labels import Integrity

from .examples import LOOP, TOOLS, app, bundle, resources

DONE = '  done: {type: end, in: {a: "${inputs.q}"}}\n'


def compiled(text: str) -> Compilation:
    return compile_bundle(bundle(text), resources())


def errors(text: str) -> list[tuple[str, str, str | None]]:
    return [(one.code, one.path, one.node) for one in compiled(text).diagnostics if one.severity == "error"]


def each(body: str, *, keys: str = "", over: str = "'[1, 2]'", out: str = "") -> str:
    return f"  each: {{type: map, over: {over}, {keys}body: {{nodes: {{{body}}}, out: {{{out}}}}}}}\n" + DONE


@pytest.mark.parametrize(
    ("nodes", "code", "path", "node"),
    [
        (each("x: {type: reply, in: {text: '${rwo}'}}"), "BG312", "/nodes/each/body/nodes/x/in/text", "each.x"),
        (each("x: {type: reply, in: {text: '${each.items}'}}"), "BG207", "/nodes/each/body/nodes/x/in/text", "each.x"),
        (each("x: {type: reply, in: {text: '${row.id}'}}"), "BG302", "/nodes/each/body/nodes/x/in/text", "each.x"),
        (each("x: {type: reply, in: {text: '${row_index}'}}"), "BG303", "/nodes/each/body/nodes/x/in/text", "each.x"),
        (each("x: {type: reply, in: {}}"), "BG213", "/nodes/each/body/nodes/x/in", "each.x"),
        (each("x: {type: transfrom, out: {v: '1'}}"), "BG201", "/nodes/each/body/nodes/x/type", "each.x"),
        (each("row: {type: transform, out: {v: '1'}}"), "BG216", "/nodes/each/body/nodes/row", "each.row"),
        (each("x: {type: transform, out: {v: '1'}}", keys="as: done, "), "BG216", "/nodes/each/as", None),
        (each("state: {type: transform, out: {v: '1'}}"), "BG106", "/nodes/each/body/nodes/state", "each.state"),
        (each("", over="inputs.q"), "BG303", "/nodes/each/over", "each"),
        (each("", out="v: '${row.w}'"), "BG302", "/nodes/each/body/out/v", "each"),
        (each("", keys="parallel: 101, "), "BG105", "/nodes/each/parallel", "each"),
        (each("", keys="retry: {max: 2}, "), "BG215", "/nodes/each/retry", "each"),
        (LOOP.replace("max: 3, ", "") + DONE, "BG104", "/nodes/again/max", "again"),
        (LOOP.replace('text: "${draft.v}"', 'text: "${1}"') + DONE, "BG303", "/nodes/again/body/out/text", "again"),
        (LOOP.replace("max: 3", "max: 3, until: prev.txt == 'a'") + DONE, "BG302", "/nodes/again/until", "again"),
        (LOOP.replace("out: {text", "out: {rounds: 1, text") + DONE, "BG216", "/nodes/again/body/out/rounds", "again"),
    ],
)
def test_a_mistake_in_a_body_names_its_node(nodes: str, code: str, path: str, node: str | None) -> None:
    assert (code, path, node) in errors(app(nodes))


def test_two_nodes_of_a_body_that_wait_for_each_other_are_a_cycle() -> None:
    one, two = "one: {type: transform, out: {v: '${two.v}'}}", "two: {type: transform, out: {v: '${one.v}'}}"
    found = errors(app(each(f"{one}, {two}")))
    assert [(code, node in ("each.one", "each.two")) for code, _, node in found] == [("BG207", True)]


def test_edges_stay_within_their_graph() -> None:
    text = each("x: {type: transform, out: {v: '1'}}").replace("out: {}}", "edges: [[done, x]], out: {}}")
    assert errors(app(text)) == [("BG203", "/nodes/each/body/edges/0/0", None)]


def test_ports_are_typed_by_what_leaves_the_body() -> None:
    found = compiled(app(each("x: {type: transform, out: {v: '${row * 2}'}}", out="v: '${x.v}', at: '${row_index}'")))
    assert found.app is not None
    items = found.app.nodes["each"].outputs["items"].type
    assert str(items) == "list<each_out>"
    loop = compiled(app(LOOP + DONE)).app
    assert loop is not None
    assert {name: str(port.type) for name, port in loop.nodes["again"].outputs.items()} == {
        "text": "string", "rounds": "integer", "done": "boolean",
    }  # fmt: skip


def test_a_failed_item_that_is_kept_makes_the_result_optional() -> None:
    text = app(each("", keys="on_item_error: keep, ", out="v: '${row}'"))
    wrong = text.replace('"${inputs.q}"', '"${string(each.items[0].v)}"')
    found = compiled(wrong)
    assert found.app is not None or any(one.code in ("BG302", "BG304") for one in found.diagnostics)
    app_ = compiled(text).app
    assert app_ is not None
    assert str(app_.nodes["each"].outputs["items"].type) == "list<optional<each_out>>"


LOOK = "look: {type: retrieve, from: docs, in: {query: '${inputs.q}'}}"


def test_untrusted_content_reaches_no_effect_inside_a_body() -> None:
    acts = "act: {type: tool, tool: plant.act, in: {tag: '${look.text}'}}"
    assert errors(app(each(f"{LOOK}, {acts}"), needs=TOOLS)) == [("BG501", "/nodes/each/body/nodes/act", "each.act")]


def test_untrusted_content_from_around_reaches_no_effect_inside_a_body() -> None:
    acts = "act: {type: tool, tool: plant.act, in: {tag: P1}}"
    nodes = f"  {LOOK}\n" + each(acts, over="look.passages")
    found = errors(app(nodes, needs=TOOLS))
    assert found == [("BG501", "/nodes/each/body/nodes/act", "each.act")]
    trusted = f"  {LOOK}\n" + each(acts + ", say: {type: reply, in: {text: '${look.text}'}}")
    assert errors(app(trusted, needs=TOOLS)) == []


def test_what_leaves_a_body_keeps_its_label() -> None:
    found = compiled(app(each(LOOK, out="v: '${look.text}'"), needs=TOOLS)).app
    assert found is not None
    assert found.nodes["each"].label.integrity is Integrity.UNTRUSTED
    clean = compiled(app(each(LOOK, out="v: '${row}'"), needs=TOOLS)).app
    assert clean is not None
    assert clean.nodes["each"].label.integrity < Integrity.UNTRUSTED


def test_a_round_is_steered_by_what_the_round_before_it_gave() -> None:
    nodes = (
        "  again: {type: loop, max: 2, init: {text: x}, body: {nodes: {"
        f"{LOOK}, act: {{type: tool, tool: plant.act, in: {{tag: '${{prev.text}}'}}}}}}, "
        "out: {text: '${look.text}'}}}\n"
    )
    assert errors(app(nodes + DONE, needs=TOOLS)) == [("BG501", "/nodes/again/body/nodes/act", "again.act")]


def test_the_failure_of_a_body_may_repeat_what_its_nodes_saw() -> None:
    nodes = (
        f"  safe: {{type: try, body: {{nodes: {{{LOOK}}}, out: {{v: '${{1}}'}}}}}}\n"
        "  act: {type: tool, tool: plant.act, in: {tag: '${safe.error.message}'}}\n"
    )
    tail = "edges: [[safe.error, act]]\n"
    assert errors(app(nodes + DONE, needs=TOOLS, tail=tail)) == [("BG501", "/nodes/act", "act")]


def test_a_state_key_is_ordered_through_containers() -> None:
    state = "state: {k: {type: integer, default: 0}, s: {type: integer, default: 0, reducer: add}}\n"
    keep = "keep: {type: set, write: {KEY: 1}}"
    reads = "  see: {type: reply, in: {text: '${string(state.KEY)}'}}\n"
    assert [one[0] for one in errors(app(reads.replace("KEY", "s") + each(keep.replace("KEY", "s")), needs=state))] == [
        "BG309"
    ]
    ordered = app(
        reads.replace("KEY", "s") + each(keep.replace("KEY", "s")), needs=state, tail="edges: [[each, see]]\n"
    )
    assert errors(ordered) == []
    assert [one[0] for one in errors(app(each(keep.replace("KEY", "k")), needs=state))] == ["BG313"]


def test_unused_and_unknown_things_are_found_inside_bodies() -> None:
    found = compiled(app(each("x: {type: transform, out: {v: '1'}}"))).diagnostics
    assert [(one.code, one.node) for one in found if one.severity == "warning"] == [("BG212", "each.x")]
    assert [one[0] for one in errors(app(each("x: {type: tool, tool: plant.gone, in: {}}"), needs=TOOLS))] == ["BG404"]


def test_the_sketch_shows_the_body() -> None:
    shown = compiled(app(each("x: {type: transform, out: {v: '${row}'}}", out="v: '${x.v}'"))).sketch.to_json()
    nodes = shown["nodes"]
    assert isinstance(nodes, dict)
    outer = nodes["each"]
    assert isinstance(outer, dict)
    body = outer["body"]
    assert isinstance(body, dict)
    assert set(body) == {"inputs", "nodes"}
    assert isinstance(body["inputs"], dict)
    assert set(body["inputs"]) == {"row", "row_index"}
