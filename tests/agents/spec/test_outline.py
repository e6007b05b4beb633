from __future__ import annotations

from agents.spec.document import Document, NodeSpec
from agents.spec.outline import DOCUMENT, NODE_KEYS, Outline, outline_of


def test_every_field_of_the_models_is_known() -> None:
    assert DOCUMENT.keys == tuple(Document.model_fields)
    assert set(NODE_KEYS) == {info.alias or name for name, info in NodeSpec.model_fields.items()}


def test_levels_below() -> None:
    assert DOCUMENT.at("/requires/models/main/slo").keys == ("p95_s", "usd")
    assert DOCUMENT.at("/inputs/question").keys[0] == "type"
    assert DOCUMENT.at("/app/name").keys == ("en", "zh")
    assert DOCUMENT.at("/nodes/read") is DOCUMENT.at("/nodes/each/body/nodes/inner")
    assert DOCUMENT.at("/nodes/read/retry").keys == ("max", "backoff")
    assert DOCUMENT.at("/nodes/read/unknown/deeper").keys == ()


def test_what_is_written_one_key_a_line() -> None:
    blocks = ["", "/nodes", "/requires", "/nodes/each/body/nodes"]
    assert [pointer for pointer in [*blocks, "/inputs", "/nodes/read", "/app"] if DOCUMENT.at(pointer).block] == blocks


def test_order() -> None:
    assert outline_of(NodeSpec).order([]) == []
    assert DOCUMENT.at("/nodes/a").order(["in", "z", "label", "cache", "b", "type"]) == [
        *("type", "label", "z", "b", "in", "cache")
    ]
    assert Outline(("a", "b")).order(["z", "b", "y", "a"]) == ["a", "b", "z", "y"]
