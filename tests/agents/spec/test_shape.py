from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.diagnostics import Diagnostic
from agents.spec import Document, explain_errors, parse_yaml, read_document
from agents.spec.outline import NODE_KEYS
from runtime.base.errors import Json

from .samples import EXAMPLE, MINIMAL, documents

HEAD = "dsl: 1\napp: {id: tiny, name: Tiny, version: 0.1.0}\n"
NODES = "nodes: {done: {type: end}}\n"


def read(text: str) -> tuple[Document | None, list[Diagnostic]]:
    parsed = parse_yaml(text)
    assert parsed.diagnostics == []
    return read_document(parsed.data, parsed.positions)


def only(text: str) -> Diagnostic:
    document, found = read(text)
    assert document is None
    [finding] = found
    return finding


def test_the_example() -> None:
    document, found = read(EXAMPLE)
    assert found == []
    assert document is not None
    assert document.edges[0] == ("judge.abnormal", "look")
    assert document.inputs["question"].type == "string"
    assert document.nodes["look"].inputs == {"query": "vibration ${read.result.vibration} mm/s"}
    assert document.nodes["look"].config == {"from": "manuals"}


@pytest.mark.parametrize(
    ("text", "path", "near"),
    [
        (HEAD + NODES + "egdes: []", "/egdes", "edges"),
        (HEAD + NODES + "budget: {usdd: 1}", "/budget/usdd", "usd"),
        (HEAD + NODES + "requires: {models: {m: {preferr: []}}}", "/requires/models/m/preferr", "prefer"),
        (HEAD + NODES + "inputs: {a: {type: string, lable: A}}", "/inputs/a/lable", "label"),
        (HEAD + "nodes: {a: {type: tool, retry: {max: 1, backof: 1s}}}", "/nodes/a/retry/backof", "backoff"),
        (HEAD + NODES + "publish: {Chat: {}}", "/publish/Chat", "chat"),
    ],
)
def test_unknown_keys_with_a_near_name(text: str, path: str, near: str) -> None:
    found = only(text)
    assert (found.code, found.path) == ("BG103", path)
    assert repr(near) in found.en
    assert repr(near) in found.zh
    assert found.fix is not None
    [op] = found.fix.ops
    assert (op.op, op.path, op.value) == ("move", path, f"{path.rpartition('/')[0]}/{near}")


def test_unknown_keys_without_a_near_name() -> None:
    found = only(HEAD + NODES + "policy: {xyzzy: 1}")
    assert found.code == "BG103"
    assert found.fix is None
    assert "Known keys: egress, pii, retain_days, waivers." in found.en


def test_a_key_is_never_renamed_to_one_that_is_there() -> None:
    found = only(HEAD + NODES + "edges: []\nedgess: []")
    assert found.fix is None


def test_unknown_keys_in_one_form_of_a_union() -> None:
    found = only("dsl: 1\napp: {id: tiny, name: {eng: Tiny}, version: 0.1.0}\n" + NODES)
    assert (found.code, found.path) == ("BG103", "/app/name/eng")
    assert (found.line, found.column) == (2, 24)


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("dsl: 1\n" + NODES, "/app", (1, 1)),
        ("app: {id: tiny, name: T, version: 0.1.0}\n" + NODES, "/dsl", (1, 1)),
        (HEAD + "nodes:\n  a: {in: {}}\n", "/nodes/a/type", (4, 3)),
        (HEAD + NODES + "requires: {tools: {p: {allow: []}}}", "/requires/tools/p/server", (4, 20)),
        (HEAD + NODES + "state: {x: {default: 1}}", "/state/x/type", (4, 9)),
    ],
)
def test_missing_keys(text: str, path: str, place: tuple[int, int]) -> None:
    found = only(text)
    assert (found.code, found.path) == ("BG104", path)
    assert (found.line, found.column) == place
    assert repr(path.rpartition("/")[2]) in found.en


@pytest.mark.parametrize(
    ("text", "path", "english"),
    [
        (HEAD + NODES + "edges: [[a]]", "/edges/0", "must be a pair [from, to]"),
        (HEAD + NODES + "edges: [[a, b, c]]", "/edges/0", "must be a pair [from, to]"),
        (HEAD + NODES + "edges: [a]", "/edges/0", "must be a pair [from, to], not a text"),
        (HEAD + NODES + "edges: {}", "/edges", "must be a list, not a mapping"),
        (HEAD + NODES + "inputs: {a: 1}", "/inputs/a", "must be a type or a mapping, not a whole number"),
        (HEAD + NODES + "budget: {usd: x}", "/budget/usd", "must be a number, not a text"),
        (HEAD + NODES + "budget: {tokens: 1.5}", "/budget/tokens", "must be a whole number, not a decimal number"),
        (HEAD + NODES + "publish: {api: 1}", "/publish/api", "must be true or false, not a whole number"),
        (HEAD + NODES + "publish:", "/publish", "must be a mapping, not empty"),
        (HEAD + NODES + "requires: {secrets: [low]}", "/requires/secrets/0", "must begin with a capital letter"),
        (HEAD + "nodes: {a: 1}", "/nodes/a", "must be a mapping, not a whole number"),
        (HEAD + "nodes: {a: {type: t, timeout: 5x}}", "/nodes/a/timeout", "must be a duration such as"),
        (HEAD + "nodes: {a: {type: t, retry: {max: 11}}}", "/nodes/a/retry/max", "must be at most 10"),
        (HEAD + "nodes: {a: {type: t, retry: {max: 0}}}", "/nodes/a/retry/max", "must be at least 1"),
        ("dsl: 1\napp: {id: Tiny, name: T, version: 0.1.0}\n" + NODES, "/app/id", "must begin with a small letter"),
        ("dsl: 1\napp: {id: t, name: 5, version: 0.1.0}\n" + NODES, "/app/name", "a text or a mapping, not a whole"),
        ("dsl: 1\napp: {id: t, name: T, version: '1'}\n" + NODES, "/app/version", "must be a version such as 1.2.3"),
        ("[]", "", "must be a mapping, not a list"),
    ],
)
def test_wrong_values(text: str, path: str, english: str) -> None:
    found = only(text)
    assert (found.code, found.path) == ("BG105", path)
    assert english in found.en
    assert found.line is not None
    assert re.search(r"[\u4e00-\u9fff]", found.zh)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        (HEAD + "nodes: {a: {type: t, on_error: brunch}}", "/nodes/a/on_error", "branch"),
        (HEAD + NODES + "state: {x: {type: integer, reducer: apend}}", "/state/x/reducer", "append"),
        (HEAD + NODES + "edges: [[a, 1]]", "/edges/0/1", "1"),
        (HEAD + NODES + "budget: {tokens: '500'}", "/budget/tokens", 500),
    ],
)
def test_wrong_values_with_a_fix(text: str, path: str, value: Json) -> None:
    found = only(text)
    assert found.code == "BG105"
    assert found.fix is not None
    [op] = found.fix.ops
    assert (op.op, op.path, op.value) == ("set", path, value)


@pytest.mark.parametrize(
    ("text", "path", "node"),
    [
        (HEAD + "nodes: {Read: {type: end}}", "/nodes/Read", "Read"),
        (HEAD + "nodes: {a-b: {type: end}}", "/nodes/a-b", "a-b"),
        (HEAD + "nodes: {if: {type: end}}", "/nodes/if", "if"),
        (HEAD + "nodes: {run: {type: end}}", "/nodes/run", "run"),
        (HEAD + NODES + "inputs: {in: string}", "/inputs/in", None),
        (HEAD + NODES + "requires: {tools: {package: {server: a, allow: []}}}", "/requires/tools/package", None),
        (HEAD + NODES + "publish: {mcp: {tool: Big}}", "/publish/mcp/tool", None),
        (HEAD + f"nodes: {{{'a' * 49}: {{type: end}}}}", "/nodes/" + "a" * 49, "a" * 49),
    ],
)
def test_bad_ids(text: str, path: str, node: str | None) -> None:
    found = only(text)
    assert (found.code, found.path, found.node) == ("BG106", path, node)


def test_inputs_may_be_called_like_roots() -> None:
    document, found = read(MINIMAL + "inputs: {session: string, round: integer}\n")
    assert found == []
    assert document is not None


@pytest.mark.parametrize(
    ("version", "fixable"), [("2", False), ("0", True), ('"1"', True), ("1.0", True), ("true", True)]
)
def test_other_versions_of_the_language(version: str, fixable: bool) -> None:
    found = only(f"dsl: {version}\nfuture: 1\n")
    assert (found.code, found.path, found.line, found.column) == ("BG109", "/dsl", 1, 6)
    assert found.fix is not None
    assert [op.value for op in found.fix.ops] == ([1] if fixable else [])


def test_all_findings_come_in_the_order_of_the_text() -> None:
    document, found = read(HEAD + "outputs: {a: 1}\nnodes: {if: {type: end}, B: {}}\nedges: [[1, 2]]\n")
    assert document is None
    assert [item.path for item in found] == [
        *("/outputs/a", "/nodes/if", "/nodes/B", "/nodes/B/type", "/edges/0/0", "/edges/0/1")
    ]


def test_findings_are_limited() -> None:
    _, found = read(HEAD + NODES + "edges: [" + "1, " * 1000 + "]")
    assert len(found) == 100


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = 1


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    model: str
    inner: Inner = Inner()
    schema_: dict[str, int] | str | None = Field(default=None, alias="schema")


def test_a_node_types_own_keys() -> None:
    text = HEAD + "nodes:\n  a: {type: llm, modle: m, inner: {sise: 1}, retri: {}, schema: {x: a}}\n"
    parsed = parse_yaml(text)
    data: Json = {"modle": "m", "inner": {"sise": 1}, "retri": {}, "schema": {"x": "a"}}
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(data)
    found = explain_errors(caught.value, data, Config, path="/nodes/a", positions=parsed.positions, also=NODE_KEYS)
    assert {(item.code, item.path, item.fix.ops[0].value if item.fix else None) for item in found} == {
        ("BG104", "/nodes/a/model", None),
        ("BG103", "/nodes/a/modle", "/nodes/a/model"),
        ("BG103", "/nodes/a/inner/sise", "/nodes/a/inner/size"),
        ("BG103", "/nodes/a/retri", "/nodes/a/retry"),
        ("BG105", "/nodes/a/schema/x", None),
    }
    assert {item.node for item in found} == {"a"}
    assert {item.line for item in found} == {4}


@settings(max_examples=40)
@given(documents)
def test_no_data_raises(data: dict[str, Json]) -> None:
    document, found = read_document(data)
    assert (document is None) == bool(found)
    for item in found:
        assert item.path == "" or item.path.startswith("/")
