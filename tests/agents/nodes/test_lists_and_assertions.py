"""`list_op` and `assert`: what they take, what type comes out, and what they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.compiler import compile_bundle
from agents.spec import Bundle
from runtime.base.errors import Json
from tests.runtime.orchestration.bench import HEAD, bench, compiled

pytestmark = pytest.mark.anyio

TYPES = "types: {Reading: {tag: string, value: number, at: optional<timestamp>}}\n"
ROWS: list[Json] = [
    {"tag": "b", "value": 2, "at": "2026-01-01T02:00:00+02:00"},
    {"tag": "a", "value": 3},
    {"tag": "b", "value": 1, "at": "2026-01-01T01:00:00Z"},
    {"tag": "a", "value": 2, "at": "2025-12-31T00:00:00Z"},
]


def listing(node: str, out: str, result: str, kind: str = "list<Reading>") -> str:
    """An app with one list operation."""
    return (
        HEAD + TYPES + f"inputs: {{rows: {kind}}}\noutputs: {{out: {result}}}\nnodes:\n"
        f'  op: {{type: list_op, {node}, in: {{list: "${{inputs.rows}}"}}}}\n'
        f'  done: {{type: end, in: {{out: "${{op.{out}}}"}}}}\n'
    )


async def result(tmp_path: Path, text: str, rows: Json) -> Json:
    """Run the app and return its output, or its error."""
    async with bench(tmp_path) as host:
        record = await host.engine.wait((await host.engine.accept(compiled(text), {"rows": rows})).id)
        return (record.outputs or {}).get("out", record.error)


def tags(items: Json) -> str:
    """The items as `b2 a3`."""
    assert isinstance(items, list)
    return " ".join(f"{one['tag']}{one['value']:g}" for one in items if isinstance(one, dict))  # pyright: ignore[reportCallIssue, reportArgumentType]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("op: sort, by: value", "b1 b2 a2 a3"),
        ("op: sort, by: value, desc: true", "a3 b2 a2 b1"),
        ("op: sort, by: tag", "a3 a2 b2 b1"),
        ("op: sort, by: at", "a2 b2 b1 a3"),
        ("op: sort, by: at, desc: true", "b1 b2 a2 a3"),
        ("op: top, by: value, k: 2", "a3 b2"),
        ("op: top, by: value, k: 1, desc: false", "b1"),
        ("op: top, by: value, k: 9", "a3 b2 a2 b1"),
        ("op: unique, by: tag", "b2 a3"),
        ("op: unique, by: value", "b2 a3 b1"),
        ("op: unique", "b2 a3 b1 a2"),
    ],
)
async def test_items_keep_their_type_and_equal_ones_their_order(tmp_path: Path, node: str, expected: str) -> None:
    assert tags(await result(tmp_path, listing(node, "items", "list<Reading>"), ROWS)) == expected


async def test_times_are_ordered_as_times_whatever_their_offset(tmp_path: Path) -> None:
    rows: list[Json] = ["2026-01-01T09:00:00+09:00", "2026-01-01T01:00:00Z", "2025-12-31T23:30:00Z"]
    text = listing("op: sort", "items", "list<timestamp>", "list<timestamp>")
    assert await result(tmp_path, text, rows) == ["2025-12-31T23:30:00Z", "2026-01-01T00:00:00Z", rows[1]]


async def test_groups_come_in_the_order_of_their_first_items(tmp_path: Path) -> None:
    text = (
        HEAD + TYPES + "inputs: {rows: list<Reading>}\noutputs: {out: list<string>}\nnodes:\n"
        '  op: {type: list_op, op: group, by: tag, in: {list: "${inputs.rows}"}}\n'
        "  done: {type: end, in: {out: \"${op.groups.map(g, g.?key.orValue('?') + string(g.items.size()))}\"}}\n"
    )
    assert await result(tmp_path, text, ROWS) == ["b2", "a2"]


async def test_flatten_takes_one_level_away(tmp_path: Path) -> None:
    text = listing("op: flatten", "items", "list<integer>", "list<list<integer>>")
    assert await result(tmp_path, text, [[1, 2], [], [3]]) == [1, 2, 3]


async def test_values_that_cannot_be_ordered_fail_the_node(tmp_path: Path) -> None:
    for number, rows in enumerate(([{"v": 1}, {"v": "x"}], [{"v": [1]}])):
        found = await result(tmp_path / str(number), listing("op: sort, by: v", "items", "json", "list<json>"), rows)  # pyright: ignore[reportArgumentType]
        assert isinstance(found, dict)
        assert found["code"] == "BG704"
        assert "cannot be ordered" in str(found["message"])


@pytest.mark.parametrize(
    ("node", "kind", "code", "path"),
    [
        ("op: sort, by: tga", "list<Reading>", "BG105", "/nodes/op/by"),
        ("op: sort", "list<Reading>", "BG105", "/nodes/op"),
        ("op: top, by: value", "list<Reading>", "BG104", "/nodes/op"),
        ("op: group", "list<string>", "BG104", "/nodes/op"),
        ("op: sort, by: value, k: 3", "list<Reading>", "BG105", "/nodes/op/k"),
        ("op: flatten, by: tag", "list<list<Reading>>", "BG105", "/nodes/op/by"),
        ("op: flatten", "list<Reading>", "BG105", "/nodes/op/in/list"),
        ("op: shuffle", "list<Reading>", "BG105", "/nodes/op/op"),
        ("op: top, by: value, k: 0", "list<Reading>", "BG105", "/nodes/op/k"),
        ("op: unique", "string", "BG303", "/nodes/op/in/list"),
    ],
)
def test_what_cannot_work_is_found_before_it_runs(node: str, kind: str, code: str, path: str) -> None:
    out = "groups" if "group" in node else "items"
    found = compile_bundle(Bundle(files={"app.yaml": listing(node, out, "json", kind).encode()})).diagnostics
    assert (code, path) in [(one.code, one.path) for one in found]


CHECKED = (
    HEAD + "inputs: {t: number}\noutputs: {out: string}\nnodes:\n"
    '  check: {type: assert, assert: {warm: "inputs.t > 20.0", safe: "inputs.t < 90.0"}, on_error: branch}\n'
    '  fine: {type: end, in: {out: "fine"}}\n'
    '  bad: {type: end, in: {out: "${check.error.message}"}}\n'
    "edges: [[check.ok, fine], [check.error, bad]]\n"
)


@pytest.mark.parametrize(("t", "says"), [(30, "fine"), (10, "warm"), (95, "safe")])
async def test_an_assertion_names_what_does_not_hold(tmp_path: Path, t: int, says: str) -> None:
    async with bench(tmp_path) as host:
        record = await host.engine.wait((await host.engine.accept(compiled(CHECKED), {"t": t})).id)
        assert record.status == "ended", record.error
        assert says in str((record.outputs or {})["out"])
        assert ("warm" in str((record.outputs or {})["out"])) == (says == "warm")


async def test_an_assertion_that_nothing_catches_fails_the_run(tmp_path: Path) -> None:
    text = (
        HEAD + "inputs: {t: number}\noutputs: {out: string}\nnodes:\n"
        '  check: {type: assert, assert: {warm: "inputs.t > 20.0"}}\n'
        '  done: {type: end, in: {out: "fine"}}\nedges: [[check, done]]\n'
    )
    async with bench(tmp_path) as host:
        record = await host.engine.wait((await host.engine.accept(compiled(text), {"t": 1})).id)
        assert record.status == "failed"
        assert (record.error or {})["code"] == "BG708"


def test_a_condition_must_be_a_boolean() -> None:
    text = CHECKED.replace("inputs.t > 20.0", "inputs.t + 20.0")
    assert "BG303" in [one.code for one in compile_bundle(Bundle(files={"app.yaml": text.encode()})).diagnostics]
