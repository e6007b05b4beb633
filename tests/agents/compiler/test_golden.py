"""Whole apps through the compiler: what they must say, and what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.compiler import Compilation, compile_bundle
from agents.spec import format_app, parse_yaml, read_bundle
from agents.types import Record
from runtime.base.labels import Integrity

from .examples import resources

APPS = Path(__file__).parents[1] / "apps"


def compiled(name: str) -> Compilation:
    return compile_bundle(read_bundle(APPS / name))


def codes(found: Compilation, severity: str = "error") -> list[tuple[str, str | None]]:
    return [(one.code, one.node) for one in found.diagnostics if one.severity == severity]


def test_a_rag_chat_compiles_with_its_turn_and_its_stream() -> None:
    app = compiled("rag_chat").app
    assert app is not None
    assert (app.message, app.reply) == ("message", "answer")
    assert list(app.nodes) == ["look", "answer", "say", "done"]
    assert app.nodes["say"].forwards == "answer"
    assert app.nodes["answer"].label.integrity is Integrity.UNTRUSTED
    assert set(app.nodes["answer"].texts) == {"prompts/system.md", "prompts/answer.md"}


def test_a_map_with_a_person_inside_compiles() -> None:
    found = compiled("map_human")
    assert codes(found) == []
    assert found.app is not None
    each = found.app.nodes["each"]
    assert str(each.outputs["failed"].type) == "list<ItemError>"
    assert each.body is not None
    assert list(each.body.nodes) == ["look"]
    assert [str(need) for need in each.needs] == ["inputs.rows"]


def test_untrusted_documents_reach_no_mail_tool_unapproved() -> None:
    found = compiled("plan_mail")
    assert codes(found) == [("BG501", "plan")]
    [finding] = [one for one in found.diagnostics if one.code == "BG501"]
    assert "'inbox'" in finding.en
    assert finding.fix is not None
    assert [op.to_json() for op in finding.fix.ops] == [
        {"op": "set", "file": "app.yaml", "path": "/nodes/plan/approve", "value": "effects"}
    ]


def test_the_mail_agent_compiles_once_a_person_approves() -> None:
    bundle = read_bundle(APPS / "plan_mail")
    text = bundle.app_text.replace("tools: [mail.send]", "tools: [mail.send]\n    approve: effects")
    files = {**bundle.files, "app.yaml": text.encode()}
    assert codes(compile_bundle(type(bundle)(files=files))) == []


def test_the_example_of_the_language_compiles() -> None:
    found = compiled("pump_doctor")
    assert codes(found) == []
    assert found.app is not None
    order = list(found.app.nodes)
    assert order.index("read") < order.index("judge") < order.index("look") < order.index("plan") < order.index("sign")
    assert [str(need) for need in found.app.nodes["done"].needs] == ["plan.answer", "look.citations"]
    assert found.app.nodes["refused"].needs == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "node", "says"),
    [
        ("[judge.else, calm], ", "", "BG210", "refused", "'calm'"),
        ("[sign.approve, done], ", "", "BG210", "refused", "judge = abnormal, sign = reject"),
        ('"${plan.answer}", sources', '"${calm.report}", sources', "BG204", "done", "report"),
        ("read.result.vibration > 7.1", "read.rslt.vibration > 7.1", "BG204", "judge", "result"),
        ("from: manuals", "from: manual", "BG406", "look", "manuals"),
        ("[sign.reject, refused]", "[sign.rejected, refused]", "BG205", "sign", "reject"),
        ("on_timeout: reject", "on_timeout: rejected", "BG205", "sign", "reject"),
        ("tool: plant.read_sensor", "tool: plant.read_senser", "BG404", "read", "read_sensor"),
        ("${sign.?note.orValue('no reason given')}", "${sign.note}", "BG209", "refused", "sign.note is absent"),
    ],
)
def test_one_mistake_names_its_node(old: str, new: str, code: str, node: str, says: str) -> None:
    bundle = read_bundle(APPS / "pump_doctor")
    assert old in bundle.app_text
    found = compile_bundle(type(bundle)(files={**bundle.files, "app.yaml": bundle.app_text.replace(old, new).encode()}))
    assert found.app is None
    matches = [one for one in found.diagnostics if one.code == code and one.node == node]
    assert matches, [(one.code, one.node, one.en) for one in found.diagnostics]
    assert says in matches[0].en + str(matches[0].fix)
    assert matches[0].line is not None


def test_a_canonical_app_compiles_to_the_same_graph() -> None:
    bundle = read_bundle(APPS / "pump_doctor")
    text = format_app(bundle.app_text)
    assert parse_yaml(text).data == parse_yaml(bundle.app_text).data
    again = compile_bundle(type(bundle)(files={**bundle.files, "app.yaml": text.encode()}))
    first = compile_bundle(bundle)
    assert again.app is not None
    assert first.app is not None
    assert list(again.app.nodes) == list(first.app.nodes)


def test_resources_type_the_ports_of_a_tool() -> None:
    text = (
        "dsl: 1\napp: {id: typed, name: Typed, version: 0.1.0}\noutputs: {a: number}\n"
        "requires: {tools: {plant: {server: plant, allow: [read]}}}\n"
        "nodes:\n  get: {type: tool, tool: plant.read, in: {tag: 5}}\n"
        '  done: {type: end, in: {a: "${get.result.value}"}}\n'
    )
    bundle = read_bundle(APPS / "rag_chat")
    wrong = compile_bundle(type(bundle)(files={"app.yaml": text.encode()}), resources())
    assert codes(wrong) == [("BG303", "get")]
    right = compile_bundle(type(bundle)(files={"app.yaml": text.replace("tag: 5", "tag: P1").encode()}), resources())
    assert right.app is not None
    result = right.app.nodes["get"].outputs["result"].type
    assert isinstance(result, Record)
    assert str(result.fields["value"]) == "number"
