"""Apps of older versions of the language: what they mean stays, and formatting writes them in the current one.

`golden/N.yaml` is an app of version N with every kind of node, `golden/N.json` what it means in the current version.
Who changes the language adds the step that leads away from the version before, and a golden app of the new one; a new
optional key changes none of them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from agents.compiler import compile_bundle
from agents.graph import CompiledNode
from agents.nodes.registry import NODES
from agents.spec import Bundle, format_app, parse_app, parse_yaml, read_document
from agents.spec.compare import changes
from agents.spec.edit import Operation, apply_edit
from agents.spec.resources import DatabaseInfo
from agents.spec.versions import CURRENT, STEPS
from runtime.base.errors import Json
from tests.agents.compiler.examples import RATE, resources

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = sorted(int(path.stem) for path in GOLDEN.glob("*.yaml"))
OLD = "dsl: -1\n# An old app.\napp: {id: old, name: Old, version: 0.1.0}\ninputs: {q: string}\n"
OLD += "results: {a: string}\nnodes:\n  # The end.\n  finish: {kind: end, with: {a: '${inputs.q}'}}\n"
NEW = OLD.replace("dsl: -1", "dsl: 1").replace("results", "outputs").replace("kind", "type").replace("with", "in")


def meaning(text: str) -> Json:
    """Return what an app comes to: its document and its nodes, without what is left at its default."""
    host = replace(resources(), apps={"sub": RATE}, databases={"line": DatabaseInfo(name="plant")})
    found = compile_bundle(Bundle(files={"app.yaml": text.encode()}), host)
    assert found.app is not None, [(one.path, one.en) for one in found.diagnostics if one.severity == "error"]
    document = found.app.document.model_dump(mode="json", exclude_unset=True)
    return {**document, "nodes": {name: node_meaning(node) for name, node in found.app.nodes.items()}}


def node_meaning(node: CompiledNode) -> Json:
    return {
        "type": node.type,
        "config": node.config.model_dump(mode="json", exclude_unset=True),
        "ports": {name: str(port) for name, port in node.ports.items()},
        "outputs": {name: str(port.type) for name, port in node.outputs.items()},
        "handles": [*node.handles],
        "after": [*node.predecessors],
        "limits": [node.on_error, node.attempts, node.backoff, node.timeout, node.cache, node.on_exceed],
        "budget": dict(node.budget),
        "inner": {name: node_meaning(one) for name, one in (node.body.nodes if node.body else {}).items()},
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_what_an_app_means_stays(version: int) -> None:
    text = (GOLDEN / f"{version}.yaml").read_text(encoding="utf-8")
    wanted = json.loads((GOLDEN / f"{version}.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(meaning(text))) == wanted
    formatted = format_app(text)
    assert formatted.startswith(f"dsl: {CURRENT}\n")
    assert json.loads(json.dumps(meaning(formatted))) == wanted


def test_every_version_has_a_golden_app_with_every_kind_of_node() -> None:
    assert [*range(1, CURRENT + 1)] == VERSIONS
    assert sorted(STEPS) == [*range(1, CURRENT)]
    text = (GOLDEN / f"{CURRENT}.yaml").read_text(encoding="utf-8")
    assert [name for name in NODES if f"type: {name}" not in text] == []


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps from a language that never was: -1 says `results`, `kind` and `with`; 0 says `outputs` already."""

    def first(data: dict[str, Json]) -> dict[str, Json]:
        return {("outputs" if key == "results" else key): value for key, value in data.items()}

    def second(data: dict[str, Json]) -> dict[str, Json]:
        names = {"kind": "type", "with": "in"}
        nodes = cast("dict[str, dict[str, Json]]", data["nodes"])
        renamed: dict[str, Json] = {
            name: {names.get(key, key): value for key, value in node.items()} for name, node in nodes.items()
        }
        return {**data, "nodes": renamed}

    monkeypatch.setitem(STEPS, -1, first)
    monkeypatch.setitem(STEPS, 0, second)


@pytest.mark.usefixtures("steps")
def test_an_old_app_is_read_step_by_step_and_written_in_the_current_version() -> None:
    assert parse_app(OLD).data == parse_app(NEW).data
    for text in (OLD, OLD.replace("-1", "0").replace("results", "outputs")):
        document, found = read_document(parse_app(text).data, parse_app(text).positions)
        assert found == []
        assert document is not None
        assert format_app(text) == format_app(NEW)
    assert "# The end." in format_app(OLD)
    assert meaning(OLD) == meaning(NEW)


@pytest.mark.usefixtures("steps")
def test_an_old_app_is_edited_and_compared_as_what_it_means() -> None:
    old, new = Bundle(files={"app.yaml": OLD.encode()}), Bundle(files={"app.yaml": NEW.encode()})
    assert changes(old, new) == []
    operation = Operation(op="set", path="/nodes/finish/in/a", value="${inputs.q}!")
    assert apply_edit(old, [operation]).bundle.files == apply_edit(new, [operation]).bundle.files


@pytest.mark.usefixtures("steps")
def test_steps_leave_what_they_are_given_alone_and_mistakes_have_places() -> None:
    text = OLD.replace("'${inputs.q}'", "'${inputs.gone}'")
    found = compile_bundle(Bundle(files={"app.yaml": text.encode()}), resources())
    assert [(one.code, one.path) for one in found.diagnostics if one.severity == "error"] == [
        ("BG204", "/nodes/finish/in/a")
    ]


def test_versions_without_a_step_are_left_as_they_are() -> None:
    for version in ("0", "2", "true", "'1'"):
        text = f"dsl: {version}\nnodes: {{}}\n"
        assert parse_app(text) == parse_yaml(text)
        assert read_document(parse_app(text).data)[1][0].code == "BG109"
