from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import EditConflict, EditInvalid
from agents.spec import Bundle, Operation, apply_edit, format_app, operation_from_json, operation_to_json, parse_yaml
from runtime.base.errors import Json

APP = format_app("""\
dsl: 1
app: {id: a, name: A, version: 0.1.0}
inputs: {n: integer}
outputs: {n: integer}
nodes:
  # doubles
  twice: {type: transform, out: {n: "${inputs.n * 2}"}}
  done: {type: end, in: {n: "${twice.n}"}}
edges: [[twice, done]]
""")


def bundle(text: str = APP, **files: str) -> Bundle:
    others = {name.replace("__", "/").replace("_", "."): body.encode() for name, body in files.items()}
    return Bundle(files={"app.yaml": text.encode(), **others})


def data(found: Bundle) -> dict[str, Json]:
    parsed = parse_yaml(found.app_text).data
    assert isinstance(parsed, dict)
    return parsed


def op(kind: str, path: str = "", **fields: Json) -> Operation:
    return operation_from_json({"op": kind, "path": path, **fields})


def test_a_node_is_added_wired_changed_and_undone() -> None:
    before = bundle()
    edit = apply_edit(
        before,
        [
            op("add", "/nodes/more", value={"type": "transform", "out": {"n": "${twice.n + 1}"}}),
            op("add", "/edges/-", value=["more", "done"]),
            op("set", "/nodes/done/in/n", value="${more.n}", old="${twice.n}"),
            op("move", "/nodes/more", value={"x": 10, "y": 20}),
        ],
    )
    after = data(edit.bundle)
    assert after["edges"] == [["twice", "done"], ["more", "done"]]
    assert edit.bundle.layout == {"nodes": {"more": {"x": 10, "y": 20}}}
    assert "# doubles" in edit.bundle.app_text
    assert edit.bundle.app_text == format_app(edit.bundle.app_text)
    back = apply_edit(edit.bundle, edit.inverse)
    assert back.bundle.app_text == before.app_text
    assert apply_edit(back.bundle, back.inverse).bundle.app_text == edit.bundle.app_text


def test_a_deleted_node_comes_back_in_its_place() -> None:
    before = bundle(APP.replace("  # doubles\n", ""))
    edit = apply_edit(before, [op("del", "/nodes/twice"), op("del", "/edges/0")])
    assert list(data(edit.bundle)["nodes"]) == ["done"]  # pyright: ignore[reportArgumentType]
    assert apply_edit(edit.bundle, edit.inverse).bundle.app_text == before.app_text


def test_moving_a_node_changes_no_content_hash() -> None:
    before = bundle()
    moved = apply_edit(before, [op("move", "/nodes/twice", value={"x": 1, "y": 2})])
    assert moved.bundle.digest == before.digest
    assert moved.bundle.app_text == before.app_text
    assert apply_edit(moved.bundle, moved.inverse).bundle.layout == {"nodes": {}}


def test_a_prompt_is_spliced_and_restored() -> None:
    before = bundle(prompts__ask_md="Greet 李.")
    edit = apply_edit(before, [op("text", file="prompts/ask.md", value={"at": 6, "text": "王"}, old="李")])
    assert edit.bundle.text("prompts/ask.md") == "Greet 王."
    assert apply_edit(edit.bundle, edit.inverse).bundle.text("prompts/ask.md") == "Greet 李."
    made = apply_edit(before, [op("text", file="prompts/new.md", value={"at": 0, "text": "Hi"})])
    assert made.bundle.text("prompts/new.md") == "Hi"


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (op("add", "/nodes/twice", value={}), EditConflict),
        (op("set", "/nodes/gone/type", value="end"), EditConflict),
        (op("set", "/nodes/twice/type", value="end", old="llm"), EditConflict),
        (op("del", "/nodes/twice", old={"type": "end"}), EditConflict),
        (op("add", "/edges/7", value=["a", "b"]), EditConflict),
        (op("add", "/edges/x", value=["a", "b"]), EditInvalid),
        (op("del", ""), EditInvalid),
        (op("set", "/dsl/deeper", value=1), EditConflict),
        (op("set", "/x", file="prompts/a.md", value=1), EditInvalid),
        (op("text", file="app.yaml", value={"at": 99_999, "text": "x"}), EditConflict),
        (op("text", file="app.yaml", value={"at": 0, "text": "x"}, old="nothing like it"), EditConflict),
        (op("text", file="app.yaml", value="x"), EditInvalid),
    ],
)
def test_an_edit_of_another_state_or_of_no_sense_changes_nothing(operation: Operation, error: type[Exception]) -> None:
    before = bundle()
    with pytest.raises(error):
        apply_edit(before, [op("set", "/app/name", value="B"), operation])
    assert before.app_text == APP


def test_broken_yaml_is_mended_by_text_alone() -> None:
    broken = apply_edit(bundle(), [op("text", file="app.yaml", value={"at": 0, "text": "["})])
    with pytest.raises(EditInvalid, match="no valid mapping"):
        apply_edit(broken.bundle, [op("set", "/app/name", value="B")])
    mended = apply_edit(broken.bundle, [*broken.inverse, op("set", "/app/name", value="B")])
    assert data(mended.bundle)["app"] == {"id": "a", "name": "B", "version": "0.1.0"}


@pytest.mark.parametrize(
    "wrong", [{"op": "copy"}, {"op": "set", "path": "nodes"}, {"op": "set", "value": 1, "from": "/a"}, {}]
)
def test_a_malformed_operation_is_named(wrong: dict[str, Json]) -> None:
    with pytest.raises(EditInvalid):
        operation_from_json(wrong)


KEYS = st.sampled_from(["a", "b", "c"])
STEPS = st.lists(st.tuples(st.sampled_from(["add", "set", "del"]), KEYS, st.integers(0, 3)), max_size=12)


@given(STEPS)
def test_every_edit_that_is_accepted_can_be_undone(steps: list[tuple[str, str, int]]) -> None:
    before = bundle()
    now, inverses = before, list[Operation]()
    for kind, key, value in steps:
        try:
            edit = apply_edit(now, [op(kind, f"/x~1y{key}", value={"v": value})])
        except EditConflict:
            continue
        now = edit.bundle
        inverses = [*edit.inverse, *inverses]
        again = [operation_from_json(json.loads(json.dumps(operation_to_json(one)))) for one in inverses]
        assert apply_edit(now, again).bundle.app_text == before.app_text
