from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agents.nodes import MANIFESTS
from agents.schema import language_schema
from agents.spec import parse_yaml, read_document

from .spec.samples import EXAMPLE, MINIMAL

APPS = Path(__file__).parent / "apps"
HEAD = "dsl: 1\napp: {id: tiny, name: Tiny, version: 0.1.0}\n"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return language_schema()


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema)


def valid(validator: Draft202012Validator, text: str) -> bool:
    parsed = parse_yaml(text)
    assert parsed.diagnostics == []
    return validator.is_valid(parsed.data)


def test_it_is_a_schema_and_plain_json(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("text", [EXAMPLE, MINIMAL])
def test_examples(validator: Draft202012Validator, text: str) -> None:
    assert [error.message for error in validator.iter_errors(parse_yaml(text).data)] == []


def test_every_node_type_is_there(schema: dict[str, Any]) -> None:
    assert schema["$defs"]["NodeSpec"]["properties"]["type"]["enum"] == list(MANIFESTS)
    for name, manifest in MANIFESTS.items():
        assert schema["$defs"][f"node_{name}"]["description"] == manifest.summary


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    named = {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert named == set(schema["$defs"])


@pytest.mark.parametrize(
    "text",
    [
        "app: {id: tiny, name: T, version: 0.1.0}\nnodes: {}",
        HEAD + "nodes: {}\nnodez: {}",
        "dsl: 2\napp: {id: tiny, name: T, version: 0.1.0}\nnodes: {}",
        HEAD + "nodes: {a: {type: nonsense}}",
        HEAD + "nodes: {a: {in: {}}}",
        HEAD + "nodes: {a: {type: end, more: 1}}",
        HEAD + "nodes: {a: {type: retrieve, from: m, in: {}, modle: x}}",
        HEAD + "nodes: {a: {type: retrieve, in: {}}}",
        HEAD + "nodes: {a: {type: retrieve, from: 5}}",
        HEAD + "nodes: {a: {type: branch, from: m}}",
        HEAD + "nodes: {a: {type: end, on_error: maybe}}",
        HEAD + "nodes: {a: {type: end, retry: {max: 11}}}",
        HEAD + "nodes: {A: {type: end}}",
        HEAD + "nodes: {run: {type: end}}",
        HEAD + "nodes: {if: {type: end}}",
        HEAD + "nodes: {}\ninputs: {in: string}",
        HEAD + "nodes: {}\ninputs: {a: 1}",
        HEAD + "nodes: {}\nedges: [[a]]",
        HEAD + "nodes: {}\nedges: [[a, b, c]]",
        HEAD + "nodes: {}\nbudget: {usd: x}",
    ],
)
def test_what_is_wrong_does_not_validate(validator: Draft202012Validator, text: str) -> None:
    assert not valid(validator, text)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "nodes: {a: {type: retrieve, from: m, label: {zh: 查}, timeout: 5s, in: {query: x}}}",
        HEAD + "nodes: {}\ninputs: {session: string, b: {type: integer, default: 1}}",
        HEAD + "nodes: {}\nbudget: {usd: 1, seconds: 0.5}",
    ],
)
def test_what_is_right_validates(validator: Draft202012Validator, text: str) -> None:
    assert valid(validator, text)


@pytest.mark.parametrize("path", sorted(APPS.glob("*/app.yaml")), ids=lambda path: path.parent.name)
def test_it_agrees_with_the_models(validator: Draft202012Validator, path: Path) -> None:
    data = parse_yaml(path.read_text(encoding="utf-8")).data
    document, _ = read_document(data)
    assert document is not None
    known = all(node.type in MANIFESTS for node in document.nodes.values())
    assert validator.is_valid(data) == known
